// SPDX-License-Identifier: Apache-2.0
// The commands (XEP-0050, room_commands) with which owners and admins create hats and assign them to
// users (XEP-0317). Hats themselves are in room_hats.
#pragma once

namespace stonechat {

class RoomHandlers;

void attach_room_hats(RoomHandlers& on);

} // namespace stonechat
