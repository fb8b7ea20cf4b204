// SPDX-License-Identifier: Apache-2.0
// Makes the text of conf/stonechat.toml from the schema: every key with its default and meaning. Pure.
#pragma once

#include "config/schema.hpp"

#include <string>

namespace stonechat {

std::string default_file(const Schema& schema);

} // namespace stonechat
