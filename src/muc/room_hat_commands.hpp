// SPDX-License-Identifier: Apache-2.0
// Ad-hoc commands (XEP-0050) at a room's address with which owners and admins create hats and assign them to
// users (XEP-0317). Hats themselves are in room_hats.
#pragma once

#include "muc/room_requests.hpp"
#include "xmpp/element.hpp"
#include "xmpp/jid.hpp"

#include <memory>
#include <string_view>

namespace stonechat {

class Room;

/// Answers an ad-hoc command: create, destroy, assign, unassign, list, list-assigned.
Task<RoomAnswer> answer_command(std::shared_ptr<Room> room, Iq iq);

// Service discovery.
/// Adds the commands that `asker` may run to disco#items.
void add_commands(const Room& room, const Jid& asker, Element& items);
/// Fills disco#info of a command. Returns false if there is no command with that node.
bool describe_command(std::string_view node, Element& info);

} // namespace stonechat
