// SPDX-License-Identifier: Apache-2.0
// Registering with a room (XEP-0045 section 7.10). A user who registers becomes a member with a reserved nick
// and may choose when messages in the room wake their devices.
#pragma once

#include "xmpp/notification_settings.hpp"

#include <string_view>

namespace stonechat {

class Room;
class RoomHandlers;
struct RoomMember;

void attach_room_registration(RoomHandlers& on);

/// Returns of which messages a user who is away wants to be notified, as far as the room knows: what the
/// member has chosen here, else what is usual in such rooms (XEP-0492 §3). `member` may be null.
NotificationSetting notification_setting(const Room& room, const RoomMember* member);

} // namespace stonechat
