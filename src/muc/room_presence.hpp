// SPDX-License-Identifier: Apache-2.0
// Presence that a room sends about an occupant (XEP-0045 section 7.2.3 and following): nick, role,
// affiliation, status codes, and the real address for those who may see it. It goes to all occupants, and
// with code 110 to the occupant's own devices.
#pragma once

#include "muc/occupants.hpp"
#include "xmpp/stanza.hpp"

#include <initializer_list>
#include <optional>
#include <string>
#include <vector>

namespace stonechat {

class Room;
class RoomHandlers;

void attach_room_presence(RoomHandlers& on);

/// Status codes (§16.6).
namespace muc_status {
inline constexpr int non_anonymous = 100;
inline constexpr int affiliation_changed = 101;
inline constexpr int config_changed = 104;
inline constexpr int self = 110;
inline constexpr int logged = 170;
inline constexpr int not_logged = 171;
inline constexpr int now_non_anonymous = 172;
inline constexpr int now_semi_anonymous = 173;
inline constexpr int created = 201;
inline constexpr int nick_modified = 210;
inline constexpr int banned = 301;
inline constexpr int new_nick = 303;
inline constexpr int kicked = 307;
inline constexpr int affiliation_lost = 321;
inline constexpr int members_only = 322;
inline constexpr int shut_down = 332;
inline constexpr int technical = 333;
} // namespace muc_status

/// What a presence says in addition to the occupant's role and affiliation.
struct Notice {
    std::vector<int> codes;
    std::string new_nick; ///< with code 303
    std::string actor;    ///< nick of the moderator or admin who caused the change
    std::string reason;
    std::optional<Element> destroy;
};

/// Returns the occupant's current presence, without `to`; with the real address if `real`.
Stanza presence_of(const Room& room, const Occupant& occupant, bool real, const Notice& notice = {});
/// Returns an unavailable presence for an occupant who has left or changed nick. `role` is none unless the
/// nick changed. `content` is what the client sent on leaving, or null.
Stanza farewell_of(const Room& room, const Occupant& occupant, bool real, Role role, const Element* content,
    const Notice& notice);

/// Sends the occupant's current presence to all, including the occupant's own devices.
void show(Room& room, Occupant& occupant, const Notice& notice = {});
/// Sends the occupant's presence to all but the device `entered`. The occupant's other devices get code 110.
void show_to_others(Room& room, Occupant& occupant, const Device& entered);
/// Sends the occupant's presence to the occupant's own devices, or to one of them, with the codes of
/// `notice`.
void show_to_self(Room& room, const Occupant& occupant, const Notice& notice = {});
void show_to_device(Room& room, const Occupant& occupant, const Device& device, const Notice& notice);
/// Tells all others that an occupant has left. The occupant must already be removed from the occupants.
void show_departure(Room& room, const Occupant& gone, Role role, const Element* content,
    const Notice& notice);
/// Tells all others that the occupant's old nick is gone (§7.6). The occupant must still be among the
/// occupants.
void say_nick_gone(Room& room, const Occupant& occupant, const Notice& notice);
/// Whether others see the occupant with this role: the room shows the role, and the occupant did not enter a
/// large room or is a moderator.
bool is_shown(const Room& room, const Occupant& occupant, Role role);
/// Hides the occupant from the others if the role `before` was shown and the current role is not.
void hide_if_not_shown(Room& room, const Occupant& occupant, Role before);
/// Tells a device that is no occupant, but acts as one, that it is outside: unavailable presence with 110 and
/// `codes`. The client then enters again.
void tell_outside(const Room& room, const Jid& address, const Jid& device, std::initializer_list<int> codes);
/// Tells one device of an occupant that the occupant has left the room.
void show_departure_to_device(Room& room, const Occupant& gone, const Device& device, Role role,
    const Element* content, const Notice& notice);
/// Sends the presences of all other occupants to a device that has just entered, as one batch.
void show_others_to(Room& room, const Occupant& self, const Device& device);

} // namespace stonechat
