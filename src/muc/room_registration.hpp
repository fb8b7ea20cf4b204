// SPDX-License-Identifier: Apache-2.0
// Registering with a room (XEP-0045 section 7.10). A user who registers becomes a member with a reserved nick
// and may choose when messages in the room wake their devices.
#pragma once

#include "muc/room_requests.hpp"

#include <string_view>

namespace stonechat {

Task<RoomAnswer> answer_register_get(std::shared_ptr<Room> room, Iq iq);
Task<RoomAnswer> answer_register_set(std::shared_ptr<Room> room, Iq iq);

/// When an absent member's devices are woken (RoomMember::choices).
enum class Wake { mentions, always, never };
Wake wake_from_text(std::string_view choices);

} // namespace stonechat
