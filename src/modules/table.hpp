// SPDX-License-Identifier: Apache-2.0
// The table of modules: all modules, in the order in which they attach. A module exists if and only if it has
// a line here.
#pragma once

#include "router/module.hpp"

#include <vector>

namespace stonechat {

const std::vector<ModuleEntry>& module_table();

} // namespace stonechat
