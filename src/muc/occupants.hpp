// SPDX-License-Identifier: Apache-2.0
// Occupants: who is in a room at this moment (XEP-0045 section 4.1). An occupant is a nick that belongs to
// one user; all the devices with which he has entered share it (§7.2.8). Part of a Room; shard-bound.
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

/// One of an occupant's sessions.
struct Device {
    RecipientPtr recipient;
    /// The last presence it has sent, as others may see it: without addresses and MUC elements. As XML, for
    /// as a tree it may take thirty times as much.
    std::string presence;
    int priority = 0;

    const Jid& jid() const { return recipient->jid; }
};

struct Occupant {
    Jid address;    ///< room@service/nick
    Jid user;       ///< the real bare address
    std::string id; ///< XEP-0421
    Role role = Role::none;
    /// Entered when the room was large: others see only the moderators among these (docs/decisions/0017).
    bool joined_large_room = false;
    std::vector<Device> devices; ///< never empty while he is in the room
    /// His presence as others get it, without and with his real address; null until somebody needs it.
    std::shared_ptr<const WireForm> plain;
    std::shared_ptr<const WireForm> real;

    std::string_view nick() const { return address.resource(); }
    /// The one whose presence stands for all: with the highest priority, of these the newest.
    const Device& shown() const;
    Device* device(const Jid& full);
    /// His devices, for who is left out.
    Except recipients() const;
    /// What others see of him is not what it was.
    void changed()
    {
        plain.reset();
        real.reset();
    }
};

class Occupants {
public:
    Occupant* by_nick(std::string_view nick) const;
    /// Whose device this is.
    Occupant* by_device(const Jid& full) const;
    /// All occupants that belong to a user; more than one if he has entered under several nicks.
    std::vector<Occupant*> of_user(const Jid& bare) const;

    std::size_t size() const { return by_nick_.size(); }
    bool empty() const { return by_nick_.empty(); }
    template <class F> void for_each(F f) const
    {
        for (const auto& [nick, occupant] : by_nick_) {
            f(*occupant);
        }
    }

    /// A new one, without devices. His nick must be free.
    Occupant& add(Occupant occupant);
    void add_device(Occupant& occupant, Device device);
    /// The occupant stays, even if it was his last device.
    void remove_device(Occupant& occupant, const Jid& full);
    /// The nick has to be free.
    void rename(Occupant& occupant, Jid address);
    void remove(Occupant& occupant);

    /// All devices; the same object until somebody comes, goes or changes his role.
    const AudiencePtr& everybody(std::size_t shards);
    /// Those of moderators, and all others.
    const AudiencePtr& moderators(std::size_t shards);
    const AudiencePtr& others(std::size_t shards);
    /// A role was changed: audiences are made anew.
    void roles_changed() { forget_audiences(); }

private:
    void forget_audiences();
    void make_audiences(std::size_t shards);

    std::unordered_map<std::string, std::unique_ptr<Occupant>> by_nick_;
    std::unordered_map<std::string, Occupant*> by_device_;
    AudiencePtr everybody_;
    AudiencePtr moderators_;
    AudiencePtr others_;
};

} // namespace stonechat
