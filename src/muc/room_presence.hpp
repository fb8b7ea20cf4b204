// SPDX-License-Identifier: Apache-2.0
// What a room says of an occupant (XEP-0045 section 7.2.3 and following): presence with his nick, role and
// affiliation, his real address for those who may see it, and status codes. Each goes to all who are there,
// and with code 110 to his own devices.
#pragma once

#include "muc/occupants.hpp"
#include "xmpp/stanza.hpp"

#include <initializer_list>
#include <optional>
#include <string>
#include <vector>

namespace stonechat {

class Room;

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

/// What a presence says besides who is how.
struct Notice {
    std::vector<int> codes;
    std::string new_nick; ///< with code 303
    std::string actor;    ///< nick of who has done it
    std::string reason;
    std::optional<Element> destroy;
};

/// His presence as it is now, without `to`; `real`: with his real address.
Stanza presence_of(const Room& room, const Occupant& occupant, bool real, const Notice& notice = {});
/// He has left, or his nick has: `role` is none, but for a change of nicks. `content` is what he said
/// himself.
Stanza farewell_of(const Room& room, const Occupant& occupant, bool real, Role role, const Element* content,
    const Notice& notice);

/// Tells everybody how he is now, his own devices too.
void show(Room& room, Occupant& occupant, const Notice& notice = {});
/// Tells all but the device `entered` that he is there, his other devices with code 110.
void show_to_others(Room& room, Occupant& occupant, const Device& entered);
/// The same for his own devices, or one of them, only. `more` are codes for them.
void show_to_self(Room& room, const Occupant& occupant, const Notice& notice = {});
void show_to_device(Room& room, const Occupant& occupant, const Device& device, const Notice& notice);
/// Tells everybody else that he is gone; he must not be among the occupants any more.
void show_departure(Room& room, const Occupant& gone, Role role, const Element* content,
    const Notice& notice);
/// Tells everybody else that his nick is not his any more (§7.6); he is still among the occupants.
void say_nick_gone(Room& room, const Occupant& occupant, const Notice& notice);
/// Others see him in this role: the room shows it, and he did not enter a large room.
bool is_shown(const Room& room, const Occupant& occupant, Role role);
/// His role was `before`: if the room shows that and not the one he has now, he disappears for the others.
void hide_if_not_shown(Room& room, const Occupant& occupant, Role before);
/// Tells a device that takes itself for an occupant that it is none, with 110 and `codes`: it enters again.
void tell_outside(const Room& room, const Jid& address, const Jid& device, std::initializer_list<int> codes);
/// Tells one of his devices that he is not in the room any more.
void show_departure_to_device(Room& room, const Occupant& gone, const Device& device, Role role,
    const Element* content, const Notice& notice);
/// All others' presences for a device that has just entered, as one batch.
void show_others_to(Room& room, const Occupant& self, const Device& device);

} // namespace stonechat
