// SPDX-License-Identifier: Apache-2.0
// The table of modules: every feature of the house, in the order in which they attach. A feature
// exists if and only if it has a line here.
#pragma once

#include "router/module.hpp"

#include <vector>

namespace stonechat {

const std::vector<ModuleEntry>& module_table();

} // namespace stonechat
