// SPDX-License-Identifier: Apache-2.0
// The commands by which owners and admins of a room make hats and put them on people (XEP-0317): ad-hoc
// commands (XEP-0050) at the room's address. What hats are stands in room_hats.
#pragma once

#include "muc/room_requests.hpp"
#include "xmpp/element.hpp"
#include "xmpp/jid.hpp"

#include <memory>
#include <string_view>

namespace stonechat {

class Room;

/// An ad-hoc command at the room: create, destroy, assign, unassign, list, list-assigned.
Task<RoomAnswer> answer_command(std::shared_ptr<Room> room, Iq iq);

// Service discovery.
/// The commands that `asker` may run.
void add_commands(const Room& room, const Jid& asker, Element& items);
/// disco#info of a command; false if there is none of that node.
bool describe_command(std::string_view node, Element& info);

} // namespace stonechat
