// SPDX-License-Identifier: Apache-2.0
// Registering with a room (XEP-0045 section 7.10). A user who registers becomes a member with a reserved nick
// and may choose when messages in the room wake their devices.
#pragma once

#include <string_view>

namespace stonechat {

class RoomHandlers;

void attach_room_registration(RoomHandlers& on);

/// When an absent member's devices are woken (RoomMember::choices).
enum class Wake { mentions, always, never };
Wake wake_from_text(std::string_view choices);

} // namespace stonechat
