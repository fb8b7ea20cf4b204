// SPDX-License-Identifier: Apache-2.0
#include "sasl/identity.hpp"

#include "xmpp/jid.hpp"

namespace stonechat::sasl {

std::optional<std::string> prepared_user(std::string_view name, std::string_view host)
{
    const auto jid = Jid::from_parts(name, host);
    if (!jid || !jid->has_local()) {
        return std::nullopt;
    }
    return std::string(jid->local());
}

bool may_act_as(std::string_view authzid, std::string_view user, std::string_view host)
{
    if (authzid.empty()) {
        return true;
    }
    const auto wanted = Jid::parse(authzid);
    const auto own = Jid::from_parts(user, host);
    return wanted && own && *wanted == *own;
}

} // namespace stonechat::sasl
