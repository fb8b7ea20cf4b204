// SPDX-License-Identifier: Apache-2.0
// Names that the configuration trusts (config/trusted_names.hpp) and that no account has. A danger: who
// registers such a name later gets its rights.
#pragma once

#include "base/task.hpp"

#include <string>
#include <vector>

namespace stonechat {

class Router;

/// Returns one warning per missing account, in the order of the settings. Hosts not served here are ignored.
Task<std::vector<std::string>> missing_accounts(Router& router);

} // namespace stonechat
