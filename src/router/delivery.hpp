// SPDX-License-Identifier: Apache-2.0
// Delivery: the table of RFC 6121 section 8.5. Who carries it out for messages is in message_delivery.hpp.
// Decides what happens to a stanza from its type, the kind of its `to` address and the available resources.
// Host carries the decision out for iqs, the module `presence` for presence. Pure.
#pragma once

#include "xmpp/stanza.hpp"

#include <string_view>

namespace stonechat {

/// The kind of `to` address, and which resources are available (the cases of RFC 6121 §8.5.1 to §8.5.3).
enum class Addressee {
    no_such_user,        ///< §8.5.1
    bare_none_available, ///< §8.5.2.2
    bare_only_negative,  ///< §8.5.2.1.1: resources are available, all with a negative priority
    bare_available,      ///< §8.5.2.1
    full_match,          ///< §8.5.3.1
    full_no_match,       ///< §8.5.3.2
};

enum class Delivery {
    resource,     ///< to exactly the resource that `to` names
    non_negative, ///< to all available resources with a priority of 0 or more (§8.5.2.1.1: "most available"
                  ///< or all)
    available,    ///< to all available resources
    handle,       ///< the server handles it for the account (iq, subscription, probe)
    store,        ///< keep for later (offline), else `service-unavailable`
    as_bare,      ///< decide again as if it were addressed to the bare JID
    refuse,       ///< `service-unavailable`
    ignore,       ///< silently
};

Delivery decide_message(MessageType type, Addressee addressee);
Delivery decide_presence(PresenceType type, Addressee addressee);
Delivery decide_iq(IqType type, Addressee addressee);
Delivery decide(const Stanza& stanza, Addressee addressee);

std::string_view to_text(Addressee addressee);
std::string_view to_text(Delivery delivery);

} // namespace stonechat
