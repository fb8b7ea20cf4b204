// SPDX-License-Identifier: Apache-2.0
#include "trusted_accounts.hpp"

#include "config/trusted_names.hpp"
#include "storage/sqlite_storage.hpp"

#include <algorithm>
#include <iterator>
#include <set>

namespace stonechat {
namespace {

AccountKey key_of_name(const TrustedName& name)
{
    return { std::string(name.address.domain()), std::string(name.address.local()) };
}

/// Returns the trusted names on hosts served here, each once.
std::vector<TrustedName> own_names(const Settings& settings)
{
    std::vector<TrustedName> names = trusted_names(settings);
    std::set<std::string> seen;
    std::erase_if(names, [&](const TrustedName& each) {
        return settings.host(each.address.domain()) == nullptr || !seen.insert(each.address.text()).second;
    });
    return names;
}

} // namespace

std::vector<std::string> trusted_names_without_account(const Settings& settings)
{
    if (settings.section("storage").text("backend") == "memory") {
        return {};
    }
    const std::vector<TrustedName> names = own_names(settings);
    std::vector<AccountKey> keys;
    std::transform(names.begin(), names.end(), std::back_inserter(keys), key_of_name);
    const auto missing = keys_without_account(settings.section("storage").text("file"), std::move(keys));
    std::vector<std::string> sentences;
    if (!missing) {
        sentences.push_back(missing.error().message);
        return sentences;
    }
    for (const TrustedName& each : names) {
        if (std::find(missing->begin(), missing->end(), key_of_name(each)) != missing->end()) {
            sentences.push_back(missing_account(each));
        }
    }
    return sentences;
}

} // namespace stonechat
