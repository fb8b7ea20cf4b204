// SPDX-License-Identifier: Apache-2.0
// Destination: takes the stanzas to the addresses of a domain, or of all other domains: a virtual host, a
// service of this server (group chat), later a component or the servers of other domains. Router::destination
// finds it, and every stanza passes it. One per shard, registered with its Router; shard-bound.
#pragma once

#include "router/settlement.hpp"
#include "xmpp/serialize.hpp"
#include "xmpp/stanza.hpp"

#include <string_view>

namespace stonechat {

struct NotificationTarget;

class Destination {
public:
    virtual ~Destination() = default;

    /// The part of an address that decides on which shard its stanzas are taken. Stanzas to a domain itself
    /// are taken on the sender's shard if bare JIDs decide.
    enum class Placement { by_bare_jid, by_domain };
    virtual Placement placement() const { return Placement::by_bare_jid; }

    /// Takes a stanza, on the shard that placement() names. Says in the end what became of it, by settle()
    /// or fail(), also if it drops the stanza.
    virtual void deliver(Stanza stanza, Settlement settlement) = 0;
    /// Takes the copy for `to` of a stanza that goes to many (Router::fan_out). `shared` is changed in its
    /// `to` only. An addressee without sessions may be passed over.
    virtual void deliver_copy(Stanza& shared, const Jid& to);
    /// Takes the copy for the full address `to` of what a service says to many (Router::multicast).
    virtual void deliver_directly(Stanza& shared, const Jid& to) { deliver_copy(shared, to); }
    /// Takes an event of a pubsub node (Router::notify). `shared` is changed in its `to` only. Without a
    /// better knowledge of the clients of `target`, only what was subscribed to is delivered.
    virtual void deliver_notification(Stanza& shared, const NotificationTarget& target,
        std::string_view feature);
    /// Takes stanzas that were serialised for many, for one of them (Router::unicast).
    virtual void deliver_directly(WireForms stanzas, const Jid& to, const Jid& from);
};

} // namespace stonechat
