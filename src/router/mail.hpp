// SPDX-License-Identifier: Apache-2.0
// Mail: a stanza on its way from one shard (thread) to another, as their routers exchange it. Not offline
// messages: those are in MailboxStore (storage/storage.hpp). A value with a name, not a closure: it says all
// that crosses between the shards for a stanza, and holds nothing of the shard that it leaves.
#pragma once

#include "router/audience.hpp"
#include "router/notifications.hpp"
#include "router/settlement.hpp"
#include "xmpp/jid.hpp"
#include "xmpp/serialize.hpp"
#include "xmpp/stanza.hpp"

#include <cstddef>
#include <memory>
#include <variant>
#include <vector>

namespace stonechat {

/// One stanza for an address whose home is the other shard (Router::route).
struct DeliverStanza {
    Stanza stanza;
    Settlement settlement;
};

/// One stanza for those of many accounts whose home is the other shard (Router::fan_out).
struct FanOut {
    std::shared_ptr<const Stanza> stanza;
    std::vector<Jid> targets;
};

/// What a service says to those of an audience whose home is the other shard (Router::multicast).
struct Multicast {
    std::shared_ptr<const Stanza> stanza;
    AudiencePtr audience;
    Except except;
};

/// Stanzas that were serialised for many, for one session (Router::unicast).
struct Unicast {
    RecipientPtr recipient;
    WireForms stanzas;
    Jid from;
};

/// An event of a pubsub node is a Notification (Router::notify).
using Mail = std::variant<DeliverStanza, FanOut, Multicast, Unicast, Notification>;

} // namespace stonechat
