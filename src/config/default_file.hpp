// SPDX-License-Identifier: Apache-2.0
// conf/stonechat.toml: every key with its default and its meaning, made from the schema. Pure.
#pragma once

#include "config/schema.hpp"

#include <string>

namespace stonechat {

std::string default_file(const Schema& schema);

} // namespace stonechat
