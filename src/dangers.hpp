// SPDX-License-Identifier: Apache-2.0
// What works but is dangerous, as far as it can be seen from outside a running server, for `stonechat check`:
// names that the settings trust and nobody has, data that others can read or change.
#pragma once

#include "config/settings.hpp"

#include <string>
#include <vector>

namespace stonechat {

/// Sentences that say what to do.
std::vector<std::string> dangers_of(const Settings& settings);

} // namespace stonechat
