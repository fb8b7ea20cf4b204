// SPDX-License-Identifier: Apache-2.0
// Checks requests to a room and to its occupants, and gives those to the room to the handlers that the room's
// features have registered (RoomHandlers).
#pragma once

#include "router/settlement.hpp"
#include "xmpp/stanza.hpp"

namespace stonechat {

class Room;

void receive_request(Room& room, Stanza stanza, Settlement& settlement);

} // namespace stonechat
