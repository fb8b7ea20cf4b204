// SPDX-License-Identifier: Apache-2.0
#include "dangers.hpp"

#include "config/trusted_names.hpp"
#include "private_files.hpp"
#include "storage/storage.hpp"

#include <algorithm>
#include <iterator>
#include <set>

namespace stonechat {
namespace {

AccountKey key_of_name(const TrustedName& name)
{
    return { std::string(name.address.domain()), std::string(name.address.local()) };
}

/// Those on hosts that are served here, each once.
std::vector<TrustedName> own_names(const Settings& settings)
{
    std::vector<TrustedName> names = trusted_names(settings);
    std::set<std::string> seen;
    std::erase_if(names, [&](const TrustedName& each) {
        return settings.host(each.address.domain()) == nullptr || !seen.insert(each.address.text()).second;
    });
    return names;
}

std::vector<std::string> names_without_account(const Settings& settings)
{
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

} // namespace

std::vector<std::string> dangers_of(const Settings& settings)
{
    if (settings.section("storage").text("backend") == "memory") {
        return {};
    }
    const Openness open = openness_of(settings);
    std::vector<std::string> dangers = open.refusals;
    dangers.insert(dangers.end(), open.warnings.begin(), open.warnings.end());
    const auto names = names_without_account(settings);
    dangers.insert(dangers.end(), names.begin(), names.end());
    return dangers;
}

} // namespace stonechat
