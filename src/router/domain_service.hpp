// SPDX-License-Identifier: Apache-2.0
// DomainService: handles all addresses of a domain that is no virtual host with accounts: a group chat
// service (XEP-0045). One per shard, registered with its Router; shard-bound.
#pragma once

#include "base/task.hpp"
#include "router/destination.hpp"
#include "router/room_notice.hpp"

namespace stonechat {

class Rooms;

class DomainService : public Destination {
public:
    /// Called every 30 seconds: unloads what is idle.
    virtual void sweep() {}
    /// Removes what this service stores about an account that is being removed (see
    /// Handlers::account_forgotten). Called on one shard only, any. False: the store failed.
    virtual Task<bool> forget_account(Jid account) = 0;
    /// The account of `notice` has a use for these notices only, as long as the room knows the same of it.
    virtual void set_notice_interest(const RoomNotice& /*notice*/, NoticeInterest /*interest*/) {}
    /// What `user` (bare) wants to be told while away may have changed: by `room`, or by all rooms if that is
    /// empty.
    virtual void forget_notice_interest(const Jid& /*user*/, const Jid& /*room*/) {}
    /// Returns the interface through which administrators manage its rooms, or null if it has no rooms.
    virtual Rooms* rooms() { return nullptr; }
};

} // namespace stonechat
