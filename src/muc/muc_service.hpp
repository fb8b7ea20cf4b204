// SPDX-License-Identifier: Apache-2.0
// MucService: the part of a virtual host's group chat service (XEP-0045) that lives on one shard. It owns the
// rooms whose home is this shard and answers requests to the service itself. Owned by the module `muc`;
// shard-bound.
#pragma once

#include "base/keyed_hash.hpp"
#include "base/string_hash.hpp"
#include "config/settings.hpp"
#include "muc/muc_rooms.hpp"
#include "muc/room_config.hpp"
#include "muc/room_handlers.hpp"
#include "muc/service_requests.hpp"
#include "router/archive_query.hpp"
#include "router/domain_service.hpp"
#include "storage/archive_store.hpp"
#include "xmpp/jid.hpp"

#include <memory>
#include <string>
#include <string_view>

namespace stonechat {

class Host;
class Room;

class MucService final : public DomainService {
public:
    MucService(Host& host, Jid domain);
    ~MucService() override;

    Host& host() const { return host_; }
    const Jid& domain() const { return domain_; }
    /// The module's settings as of now; valid until the next turn of the loop.
    const Section& settings() const;
    RoomLimits limits() const;
    /// The configuration of a new room.
    RoomConfig default_config() const;
    Retention retention() const;
    /// Maximum size of one room's archive, in bytes.
    std::uint64_t archive_quota() const;
    ArchivePageLimits page_limits() const;
    std::size_t most_rooms_of(const Jid& user) const; ///< 0: no limit
    /// Counts the rooms on this shard that `user` has created and not configured yet. They are not in the
    /// store.
    std::size_t locked_rooms_of(const Jid& user) const;
    /// Whether `user` may create rooms.
    bool may_create(const Jid& user) const;
    /// Whether `user` is an administrator of the host; also for addresses of other servers.
    bool is_admin(const Jid& user) const;
    bool is_local(const Jid& user) const;
    /// Returns the occupant id (XEP-0421) of `user` in `room`, for occupants who may not see the real
    /// address. When a removed account's name is used by a new account, the new account gets a different id.
    std::string occupant_id(const Jid& room, const Jid& user) const;
    std::size_t shard_of(const Jid& user) const;

    // DomainService
    void deliver(Stanza stanza, Settlement settlement) override;
    void sweep() override;
    Task<bool> forget_account(Jid account) override;
    void set_notice_interest(const RoomNotice& notice, NoticeInterest interest) override;
    void forget_notice_interest(const Jid& user, const Jid& room) override;
    Rooms* rooms() override { return &for_administrators_; }

    /// Returns the room in memory. Starts loading a room that is not in memory.
    std::shared_ptr<Room> room(const Jid& address);
    /// The rooms in memory on this shard, by name. A room may also be loading or gone.
    const StringMap<std::shared_ptr<Room>>& loaded_rooms() const { return rooms_; }
    /// Removes the room from memory because it was destroyed or is idle. The next stanza to the address loads
    /// it anew.
    void forget(Room& room);

    /// What the service itself answers.
    const ServiceRequests& requests() const { return requests_; }
    /// What the features of its rooms have registered.
    const RoomHandlers& room_handlers() const { return room_handlers_; }
    /// Requests between occupants that await an answer.

private:
    void deliver_to_service(Stanza stanza);

    Host& host_;
    Jid domain_;
    KeyedHash occupant_hash_;
    KeyedHash occupant_hash_2_;
    StringMap<std::shared_ptr<Room>> rooms_;
    ServiceRequests requests_;
    RoomHandlers room_handlers_;
    MucRooms for_administrators_;
};

} // namespace stonechat
