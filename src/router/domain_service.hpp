// SPDX-License-Identifier: Apache-2.0
// DomainService: handles all addresses of a domain that is no virtual host with accounts: a group chat
// service (XEP-0045). One per shard, registered with its Router; shard-bound.
#pragma once

#include "base/task.hpp"
#include "router/destination.hpp"

namespace stonechat {

class Rooms;

class DomainService : public Destination {
public:
    /// Called every 30 seconds: unloads what is idle.
    virtual void sweep() {}
    /// Removes what this service stores about an account that is being removed (see
    /// Handlers::account_forgotten). Called on one shard only, any. False: the store failed.
    virtual Task<bool> forget_account(Jid account) = 0;
    /// Returns the interface through which administrators manage its rooms, or null if it has no rooms.
    virtual Rooms* rooms() { return nullptr; }
};

} // namespace stonechat
