// SPDX-License-Identifier: Apache-2.0
// MucService: a group chat service (XEP-0045) of one virtual host, as far as it lives on one shard: the rooms
// that have their home here, and what the service itself answers. Owned by the module `muc`; shard-bound.
#pragma once

#include "base/keyed_hash.hpp"
#include "base/string_hash.hpp"
#include "config/settings.hpp"
#include "muc/muc_rooms.hpp"
#include "muc/occupant_relay.hpp"
#include "muc/room_config.hpp"
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
    /// What a room is before its owner has chosen.
    RoomConfig default_config() const;
    Retention retention() const;
    /// What the archive of one room may take.
    std::uint64_t archive_quota() const;
    ArchivePageLimits page_limits() const;
    std::size_t most_rooms_of(const Jid& user) const; ///< 0: as many as he likes
    /// Of them, those that he has created here and not configured yet: they are not in the store.
    std::size_t locked_rooms_of(const Jid& user) const;
    /// Whether `user` may create rooms at all.
    bool may_create(const Jid& user) const;
    /// An address of ours, or of another server.
    bool is_admin(const Jid& user) const;
    bool is_local(const Jid& user) const;
    /// XEP-0421: who `user` is in `room`, for who may not know his address. Whoever has a name after somebody
    /// else is somebody else.
    std::string occupant_id(const Jid& room, const Jid& user) const;
    std::size_t shard_of(const Jid& user) const;

    // DomainService
    void deliver(Stanza stanza, Settlement settlement) override;
    void sweep() override;
    Task<bool> forget_account(Jid account) override;
    Rooms* rooms() override { return &for_administrators_; }

    /// The room in memory, loading it if need be.
    std::shared_ptr<Room> room(const Jid& address);
    /// Those that are in memory here, by name; also what is loading or gone.
    const StringMap<std::shared_ptr<Room>>& loaded_rooms() const { return rooms_; }
    /// It is over, or nobody needs it: the next one to address it loads it anew.
    void forget(Room& room);

    /// Requests of occupants to one another that are under way.
    OccupantRelay& relay() { return relay_; }

private:
    void deliver_to_service(Stanza stanza);

    Host& host_;
    Jid domain_;
    KeyedHash occupant_hash_;
    KeyedHash occupant_hash_2_;
    StringMap<std::shared_ptr<Room>> rooms_;
    OccupantRelay relay_;
    MucRooms for_administrators_;
};

} // namespace stonechat
