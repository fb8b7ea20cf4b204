// SPDX-License-Identifier: Apache-2.0
// Addresses that the configuration gives a right (admins), tells something (push services) or presents as
// those of whoever runs the server (contact addresses, XEP-0157). Nobody may take such a name by himself.
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

/// In order of mention; one that is named twice is there twice.
std::vector<TrustedName> trusted_names(const Settings& settings);

/// What to say if `name` has no account.
std::string missing_account(const TrustedName& name);

bool is_trusted_name(const Settings& settings, const Jid& account);

} // namespace stonechat
