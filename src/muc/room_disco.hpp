// SPDX-License-Identifier: Apache-2.0
// Service discovery of a room (XEP-0045 sections 6.4, 6.5 and 7.12; XEP-0128): its features, its information
// form and its occupants.
#pragma once

#include "muc/room_requests.hpp"

namespace stonechat {

Task<RoomAnswer> answer_room_info(std::shared_ptr<Room> room, Iq iq);
Task<RoomAnswer> answer_room_items(std::shared_ptr<Room> room, Iq iq);

} // namespace stonechat
