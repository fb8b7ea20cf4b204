// SPDX-License-Identifier: Apache-2.0
// XEP-0092 Software Version: returns the server's name and version, not its operating system.
#pragma once

#include "router/module.hpp"

#include <memory>

namespace stonechat {

std::unique_ptr<Module> make_version();

} // namespace stonechat
