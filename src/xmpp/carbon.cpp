// SPDX-License-Identifier: Apache-2.0
#include "xmpp/carbon.hpp"

#include "xmpp/ns.hpp"

namespace stonechat {

Stanza carbon_of(const Stanza& message, CopyDirection direction, const Jid& account, const Jid& session)
{
    Stanza copy = Stanza::message(account, session, message.message_type());
    const std::string_view name = direction == CopyDirection::sent ? "sent" : "received";
    Element& wrapper = copy.element().add(name, ns::carbons);
    wrapper.add("forwarded", ns::forward).add(message.element());
    return copy;
}

} // namespace stonechat
