// SPDX-License-Identifier: Apache-2.0
// The archive of a room (XEP-0313 section 6.1.2). Users who may enter the room may query it. Real addresses
// are included only for users who may see them.
#pragma once

#include <cstddef>

namespace stonechat {

class Room;
class RoomHandlers;

void attach_room_archive(RoomHandlers& on);

/// Counts `bytes` of a message that goes into the archive. If the quota may be exceeded, starts a check that
/// removes the oldest messages.
void count_archived(Room& room, std::size_t bytes);

} // namespace stonechat
