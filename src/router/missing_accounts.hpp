// SPDX-License-Identifier: Apache-2.0
// Names that the configuration trusts (config/trusted_names.hpp) although nobody has them: whoever gets such
// a name later gets what comes with it.
#pragma once

#include "base/task.hpp"

#include <string>
#include <vector>

namespace stonechat {

class Router;

/// A sentence for each, in order of the settings. Those on hosts that are not served here are passed over.
Task<std::vector<std::string>> missing_accounts(Router& router);

} // namespace stonechat
