// SPDX-License-Identifier: Apache-2.0
// DomainService: whoever answers for all addresses of a domain that is no virtual host with accounts: a
// group chat service (XEP-0045). One per shard, registered with its Router; shard-bound.
#pragma once

#include "base/task.hpp"
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
    /// Takes what is kept here of an account that is being removed (Handlers::account_forgotten), on
    /// whichever shard; on one shard only.
    virtual Task<bool> forget_account(Jid account) = 0;
    /// Its rooms, if it has any, for whoever runs the server; or null.
    virtual Rooms* rooms() { return nullptr; }
};

} // namespace stonechat
