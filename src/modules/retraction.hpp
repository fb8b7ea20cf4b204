// SPDX-License-Identifier: Apache-2.0
// XEP-0424 Message Retraction: replaces a retracted message in the archives by a tombstone.
#pragma once

#include "router/module.hpp"

#include <memory>

namespace stonechat {

std::unique_ptr<Module> make_retraction();

} // namespace stonechat
