// SPDX-License-Identifier: Apache-2.0
#include "router/missing_accounts.hpp"

#include "config/trusted_names.hpp"
#include "router/router.hpp"
#include "router/server.hpp"

#include <set>

namespace stonechat {

Task<std::vector<std::string>> missing_accounts(Router& router)
{
    std::vector<std::string> warnings;
    std::set<std::string> asked;
    const auto settings = router.shared_settings(); // a copy: a reload may replace the settings meanwhile
    for (const TrustedName& each : trusted_names(*settings)) {
        const bool is_ours = router.server().has_accounts(each.address.domain());
        if (!is_ours || !asked.insert(each.address.text()).second) {
            continue;
        }
        auto asking = router.accounts().exists(each.address);
        const auto exists = co_await asking;
        if (exists && !*exists) {
            warnings.push_back(missing_account(each));
        }
    }
    co_return warnings;
}

} // namespace stonechat
