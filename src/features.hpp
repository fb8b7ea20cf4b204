// SPDX-License-Identifier: Apache-2.0
// All features of the server: the table of modules, and the features with a folder of their own, in the order
// in which they attach.
#pragma once

#include "router/module.hpp"

#include <vector>

namespace stonechat {

const std::vector<ModuleEntry>& feature_table();

/// Returns the manifests of all features, on or off: for the check of the configuration and docs/xeps.md.
std::vector<Manifest> all_manifests();

} // namespace stonechat
