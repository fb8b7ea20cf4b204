// SPDX-License-Identifier: Apache-2.0
// Ad-hoc commands (XEP-0050) at a room's address: runs and lists those that the features of rooms have
// registered (RoomHandlers::command).
#pragma once

namespace stonechat {

class RoomHandlers;

void attach_room_commands(RoomHandlers& on);

} // namespace stonechat
