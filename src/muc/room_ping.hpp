// SPDX-License-Identifier: Apache-2.0
// Pings to a room (XEP-0199). Pings to an occupant, which tell a client whether it is still in the room
// (XEP-0410), are answered in room_requests.
#pragma once

namespace stonechat {

class RoomHandlers;

void attach_room_ping(RoomHandlers& on);

} // namespace stonechat
