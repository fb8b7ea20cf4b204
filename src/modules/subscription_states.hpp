// SPDX-License-Identifier: Apache-2.0
// Subscription states: RFC 6121 Appendix A as data. The nine states a contact can be in, and what
// each of the four subscription stanzas does to them in either direction. Pure.
#pragma once

#include "storage/storage.hpp"
#include "xmpp/stanza.hpp"

#include <optional>
#include <string_view>

namespace stonechat {

/// RFC 6121 §A.1; `out` and `in` mean that a request in that direction is not answered yet.
enum class ContactState { none, none_out, none_in, none_out_in, to, to_in, from, from_out, both };

/// The presence types that change subscriptions.
enum class Subscribing { subscribe, unsubscribe, subscribed, unsubscribed };

/// What the server does with the stanza.
enum class Handling {
    pass_on,     ///< outbound: route it to the contact; inbound: deliver it to the user
    hold_back,   ///< neither route nor deliver it
    pre_approve, ///< outbound `subscribed` without a request: record it, do not route it (§3.4.2)
    answer,      ///< inbound `subscribe` of a subscriber: the server answers `subscribed` (§3.1.3)
};

struct Transition {
    Handling plan;
    ContactState next;
    friend bool operator==(const Transition&, const Transition&) = default;
};

/// The user sends this to the contact (§A.2).
Transition outbound(Subscribing stanza, ContactState existing);
/// The contact sends this to the user (§A.3).
Transition inbound(Subscribing stanza, ContactState existing);

std::optional<Subscribing> subscribing(PresenceType type);

ContactState state_of(const RosterRecord& record);
/// Moves the record to `state`. Drops a pending request that is over. A new request has to be put into
/// `pending_in` by the caller.
void set_state(RosterRecord& record, ContactState state);

/// As the RFC writes it: "None + Pending Out+In".
std::string_view to_text(ContactState state);

} // namespace stonechat
