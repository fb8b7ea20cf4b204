// SPDX-License-Identifier: Apache-2.0
#include "config/trusted_names.hpp"

#include <algorithm>
#include <optional>
#include <string_view>

namespace stonechat {
namespace {

constexpr std::string_view scheme = "xmpp:";

/// Returns the account that a contact URI names: "xmpp:abuse@example.org?message" (RFC 5122).
std::optional<Jid> account_of_uri(std::string_view uri)
{
    if (!uri.starts_with(scheme)) {
        return std::nullopt;
    }
    const auto jid = Jid::parse(uri.substr(scheme.size(), uri.find_first_of("?#") - scheme.size()));
    return jid && jid->has_local() ? std::optional(jid->bare()) : std::nullopt;
}

void add_contacts(std::vector<TrustedName>& names, const HostSettings& host)
{
    const auto contact = host.modules.find("contact");
    if (contact == host.modules.end()) {
        return;
    }
    for (const auto& [role, value] : contact->second.values()) {
        const auto* addresses = std::get_if<std::vector<std::string>>(&value);
        if (addresses == nullptr) {
            continue;
        }
        for (const std::string& uri : *addresses) {
            if (auto account = account_of_uri(uri)) {
                names.push_back({ std::move(*account), "[host.contact] " + role + " of " + host.name });
            }
        }
    }
}

/// A push service learns whose device gets a message, and when, so its name is trusted too.
void add_push_services(std::vector<TrustedName>& names, const HostSettings& host)
{
    const auto push = host.modules.find("push");
    if (push == host.modules.end()) {
        return;
    }
    for (const std::string& service : push->second.list("local_services")) {
        if (const auto jid = Jid::parse(service); jid && jid->has_local()) {
            names.push_back({ jid->bare(), "[host.push] local_services of " + host.name });
        }
    }
}

} // namespace

std::vector<TrustedName> trusted_names(const Settings& settings)
{
    std::vector<TrustedName> names;
    for (const HostSettings& host : settings.hosts) {
        for (const std::string& admin : host.core.list("admins")) {
            if (auto jid = Jid::parse(admin)) {
                names.push_back({ std::move(*jid), "admins of " + host.name });
            }
        }
        add_contacts(names, host);
        add_push_services(names, host);
    }
    return names;
}

std::string missing_account(const TrustedName& name)
{
    const std::string& address = name.address.text();
    return address + " (" + name.where + ") has no account: `stonechatctl user add " + address
        + "` makes it, or take it out";
}

bool is_trusted_name(const Settings& settings, const Jid& account)
{
    const auto names = trusted_names(settings);
    return std::any_of(names.begin(), names.end(),
        [&account](const TrustedName& each) { return each.address.same_bare(account); });
}

} // namespace stonechat
