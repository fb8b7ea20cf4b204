// SPDX-License-Identifier: Apache-2.0
// Names that the settings trust (config/trusted_names.hpp) and nobody has, as the database tells from
// outside, for `stonechat check`; a running server tells them in its log (router/missing_accounts.hpp).
#pragma once

#include "config/settings.hpp"

#include <string>
#include <vector>

namespace stonechat {

/// A sentence for each, or one that says why the database cannot be read.
std::vector<std::string> trusted_names_without_account(const Settings& settings);

} // namespace stonechat
