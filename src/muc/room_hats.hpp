// SPDX-License-Identifier: Apache-2.0
// Hats (XEP-0317): what a room lets people be besides owner or moderator: speaker, scribe, teacher's
// assistant. A room has a list of them; its owners and admins make them and put them on people
// (room_hat_commands). All see them in presence. They are kept under the room's name (KeyvalStore, "hats"):
// stored first, then in memory, then told.
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
    std::string uri; ///< which one it is
    std::string title;
    std::string hue;  ///< an angle on the colour wheel; empty: none
    std::string lang; ///< of the title; empty: unknown
    friend bool operator==(const Hat&, const Hat&) = default;
};

/// The hats of a room and who wears them. What changes them is made as entries of the store, to be applied
/// here once they are there. Part of a Room; shard-bound.
class RoomHats {
public:
    using Changes = KeyvalStore::Changes;
    using Uris = std::set<std::string, std::less<>>;

    const std::map<std::string, Hat, std::less<>>& all() const { return hats_; }
    /// By bare address; nobody in it wears none.
    const std::map<std::string, Uris, std::less<>>& wearers() const { return wearers_; }
    const Hat* find(std::string_view uri) const;
    bool wears(const Jid& user, std::string_view uri) const;
    std::set<std::string, std::less<>> who_wears(std::string_view uri) const;
    std::size_t worn() const; ///< by all together

    /// A new one, or how one is from now on.
    static Changes put(const Hat& hat);
    /// It goes from the list and from all who wear it.
    Changes destroy(std::string_view uri) const;
    Changes assign(const Jid& user, std::string_view uri) const;
    Changes unassign(const Jid& user, std::string_view uri) const;
    /// All that somebody wears.
    bool has_hats(const Jid& user) const;
    static Changes take_all(const Jid& user);
    /// Where that is kept: in the room's keyval store, under this name.
    static constexpr std::string_view store = "hats";
    static std::string name_of_wearer(const Jid& user);
    /// What is stored; what cannot be read is passed over.
    void apply(const Changes& changes);

    /// What others see of somebody; nothing if he wears none.
    void add_to(Element& presence, const Jid& user) const;

private:
    void apply_hat(std::string_view uri, const std::optional<std::string>& text);
    void apply_wearer(std::string_view jid, const std::optional<std::string>& text);

    std::map<std::string, Hat, std::less<>> hats_; ///< by URI
    std::map<std::string, Uris, std::less<>> wearers_;
};

/// Reads them when the room is loaded; false if the store does not answer.
Task<bool> read_hats(Room& room);

/// Changes are committed, and known to the room when that is done.
Task<Result<Done, StoreError>> store_hats(std::shared_ptr<Room> room, RoomHats::Changes changes);

/// By this a client knows whether the list has changed; nothing if there are no hats.
void add_hats_hash(const Room& room, DataForm& info);

} // namespace stonechat
