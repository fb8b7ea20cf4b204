// SPDX-License-Identifier: Apache-2.0
// XEP-0050 Ad-Hoc Commands: lists and runs the commands that modules of the host have registered.
#pragma once

#include "router/module.hpp"

#include <memory>

namespace stonechat {

std::unique_ptr<Module> make_commands();

} // namespace stonechat
