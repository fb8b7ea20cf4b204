// SPDX-License-Identifier: Apache-2.0
// DomainService: whoever answers for all addresses of a domain that is no virtual host with accounts: a
// group chat service (XEP-0045). One per shard, registered with its Router; shard-bound.
#pragma once

#include "router/settlement.hpp"
#include "xmpp/stanza.hpp"

namespace stonechat {

class Rooms;

class DomainService {
public:
    virtual ~DomainService() = default;

    /// A stanza to the domain (on any shard) or to one of its addresses (on that address's home shard).
    virtual void deliver(Stanza stanza, Settlement settlement) = 0;
    /// Called every half a minute: whatever nobody needs may go.
    virtual void sweep() {}
    /// Its rooms, if it has any, for whoever runs the server; or null.
    virtual Rooms* rooms() { return nullptr; }
};

} // namespace stonechat
