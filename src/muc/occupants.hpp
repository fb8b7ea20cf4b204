// SPDX-License-Identifier: Apache-2.0
// Occupants: who is in a room at this moment (XEP-0045 section 4.1). An occupant is a nick that belongs to
// one user. All devices with which the user has entered under this nick share it (§7.2.8). Part of a Room;
// shard-bound.
#pragma once

#include "muc/roles.hpp"
#include "router/audience.hpp"
#include "xmpp/element.hpp"
#include "xmpp/jid.hpp"
#include "xmpp/serialize.hpp"

#include <memory>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

namespace stonechat {

/// One session of an occupant.
struct Device {
    RecipientPtr recipient;
    /// The last presence of the device as others may see it: without addresses and MUC elements. Kept as XML,
    /// because a parsed tree can take thirty times as much memory.
    std::string presence;
    int priority = 0;

    const Jid& jid() const { return recipient->jid; }
};

struct Occupant {
    Jid address;    ///< room@service/nick
    Jid user;       ///< the real bare address
    std::string id; ///< XEP-0421
    Role role = Role::none;
    /// The occupant entered when the room was large. Other occupants see such occupants only if these are
    /// moderators (docs/decisions/0017).
    bool joined_large_room = false;
    std::vector<Device> devices; ///< never empty while the occupant is in the room
    /// The occupant's presence as others get it, without and with the real address. Null until it is needed.
    std::shared_ptr<const WireForm> plain;
    std::shared_ptr<const WireForm> real;

    std::string_view nick() const { return address.resource(); }
    /// Returns the device whose presence stands for the occupant: the newest of those with the highest
    /// priority.
    const Device& shown() const;
    Device* device(const Jid& full);
    /// The recipients of all devices of the occupant, to leave them out when others are told.
    Except recipients() const;
    /// Call when what others see of the occupant has changed.
    void changed()
    {
        plain.reset();
        real.reset();
    }
};

class Occupants {
public:
    /// `shards` is their number in this server.
    explicit Occupants(std::size_t shards) : shards_(shards) {}

    Occupant* by_nick(std::string_view nick) const;
    /// Returns the occupant that this device belongs to, or null.
    Occupant* by_device(const Jid& full) const;
    /// Returns all occupants of a user. There are several if the user has entered under several nicks.
    std::vector<Occupant*> of_user(const Jid& bare) const;

    std::size_t size() const { return by_nick_.size(); }
    bool empty() const { return by_nick_.empty(); }
    template <class F> void for_each(F f) const
    {
        for (const auto& [nick, occupant] : by_nick_) {
            f(*occupant);
        }
    }

    /// Adds an occupant, without devices. The nick must be free.
    Occupant& add(Occupant occupant);
    void add_device(Occupant& occupant, Device device);
    /// Removes the device. The occupant stays, even without devices.
    void remove_device(Occupant& occupant, const Jid& full);
    /// The new nick must be free.
    void rename(Occupant& occupant, Jid address);
    void remove(Occupant& occupant);

    /// All devices. Returns the same object until an occupant enters, leaves or changes role.
    const AudiencePtr& everybody();
    /// The devices of moderators, and those of all other occupants.
    const AudiencePtr& moderators();
    const AudiencePtr& others();
    /// Call after a role has changed; the audiences are built anew.
    void roles_changed() { forget_audiences(); }

private:
    void forget_audiences();
    void make_audiences();

    std::size_t shards_;
    std::unordered_map<std::string, std::unique_ptr<Occupant>> by_nick_;
    std::unordered_map<std::string, Occupant*> by_device_;
    AudiencePtr everybody_;
    AudiencePtr moderators_;
    AudiencePtr others_;
};

} // namespace stonechat
