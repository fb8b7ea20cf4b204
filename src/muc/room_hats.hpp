// SPDX-License-Identifier: Apache-2.0
// Hats (XEP-0317): titles that a room gives to users in addition to roles: speaker, scribe, teacher's
// assistant. A room has a list of hats. Its owners and admins create hats and assign them
// (room_hat_commands). All occupants see them in presence. They are stored under the room's key (KeyvalStore,
// "hats"): a change is stored first, then applied in memory, then announced.
#pragma once

#include "base/task.hpp"
#include "storage/storage.hpp"
#include "xmpp/data_form.hpp"
#include "xmpp/element.hpp"
#include "xmpp/jid.hpp"

#include <map>
#include <memory>
#include <set>
#include <string>
#include <string_view>

namespace stonechat {

class Room;

struct Hat {
    std::string uri; ///< identifies the hat
    std::string title;
    std::string hue;  ///< an angle on the colour wheel in degrees; empty: none
    std::string lang; ///< language of the title; empty: unknown
    friend bool operator==(const Hat&, const Hat&) = default;
};

/// The hats of a room and the users who wear them. A change is made as store entries. The caller commits
/// them, then passes them to apply(). Part of a Room; shard-bound.
class RoomHats {
public:
    using Changes = KeyvalStore::Changes;
    using Uris = std::set<std::string, std::less<>>;

    const std::map<std::string, Hat, std::less<>>& all() const { return hats_; }
    /// Hats by the bare address of the wearer. A user without hats has no entry.
    const std::map<std::string, Uris, std::less<>>& wearers() const { return wearers_; }
    const Hat* find(std::string_view uri) const;
    bool wears(const Jid& user, std::string_view uri) const;
    std::set<std::string, std::less<>> who_wears(std::string_view uri) const;
    std::size_t worn() const; ///< number of assignments in the room

    /// Creates or changes a hat.
    static Changes put(const Hat& hat);
    /// Removes a hat from the list and from all users who wear it.
    Changes destroy(std::string_view uri) const;
    Changes assign(const Jid& user, std::string_view uri) const;
    Changes unassign(const Jid& user, std::string_view uri) const;
    /// Whether `user` wears any hat.
    bool has_hats(const Jid& user) const;
    static Changes take_all(const Jid& user);
    /// Name of the room's keyval store that holds the hats.
    static constexpr std::string_view store = "hats";
    static std::string name_of_wearer(const Jid& user);
    /// Applies entries that are committed. Entries that cannot be parsed are removed or ignored.
    void apply(const Changes& changes);

    /// Adds the hats of `user` to a presence; nothing if the user wears none.
    void add_to(Element& presence, const Jid& user) const;

private:
    void apply_hat(std::string_view uri, const std::optional<std::string>& text);
    void apply_wearer(std::string_view jid, const std::optional<std::string>& text);

    std::map<std::string, Hat, std::less<>> hats_; ///< by URI
    std::map<std::string, Uris, std::less<>> wearers_;
};

/// Reads the hats when the room is loaded. Returns false if the store failed.
Task<bool> read_hats(Room& room);

/// Commits `changes`, then applies them to the room.
Task<Result<Done, StoreError>> store_hats(std::shared_ptr<Room> room, RoomHats::Changes changes);

/// Adds a hash from which clients see whether the list has changed. Adds nothing if there are no hats.
void add_hats_hash(const Room& room, const Jid& asker, DataForm& info);

} // namespace stonechat
