// SPDX-License-Identifier: Apache-2.0
// The archive of a room (XEP-0313 section 6.1.2): for those who may enter it, with real addresses only for
// those who may see them.
#pragma once

#include "muc/room_requests.hpp"

namespace stonechat {

/// A message of so many bytes goes into the archive, whose oldest go if it is too much.
void count_archived(Room& room, std::size_t bytes);
Task<RoomAnswer> answer_archive_form(std::shared_ptr<Room> room, Iq iq);
Task<RoomAnswer> answer_archive_query(std::shared_ptr<Room> room, Iq iq);
Task<RoomAnswer> answer_archive_metadata(std::shared_ptr<Room> room, Iq iq);

} // namespace stonechat
