// SPDX-License-Identifier: Apache-2.0
// Finds names that the settings trust (config/trusted_names.hpp) and no account has, directly in the
// database: for `stonechat check`. A running server writes them into its log (router/missing_accounts.hpp).
#pragma once

#include "config/settings.hpp"

#include <string>
#include <vector>

namespace stonechat {

/// Returns one sentence per name, or one that says why the database cannot be read.
std::vector<std::string> trusted_names_without_account(const Settings& settings);

} // namespace stonechat
