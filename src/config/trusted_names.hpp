// SPDX-License-Identifier: Apache-2.0
// Addresses that the configuration trusts: admins have rights, push services receive notifications, and
// contact addresses (XEP-0157) speak for the operator. Nobody may register such a name from a client.
#pragma once

#include "config/settings.hpp"
#include "xmpp/jid.hpp"

#include <string>
#include <vector>

namespace stonechat {

struct TrustedName {
    Jid address;       ///< bare
    std::string where; ///< the setting that names it: "admins of localhost"
};

/// Returns the trusted names in the order of the configuration. An address that is named twice is listed
/// twice.
std::vector<TrustedName> trusted_names(const Settings& settings);

/// Returns the warning for a `name` that has no account.
std::string missing_account(const TrustedName& name);

bool is_trusted_name(const Settings& settings, const Jid& account);

} // namespace stonechat
