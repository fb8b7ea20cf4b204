// SPDX-License-Identifier: Apache-2.0
// Which messages are a reason to wake a device, under a notification setting (XEP-0492). Pure.
#pragma once

#include "router/room_notice.hpp"
#include "xmpp/element.hpp"
#include "xmpp/jid.hpp"
#include "xmpp/notification_settings.hpp"
#include "xmpp/stanza.hpp"

#include <string_view>

namespace stonechat {

/// Returns whether a message in a chat of two or from a room elsewhere may wake the devices of `user`. A
/// ciphertext may be a mention, and a call always is.
bool may_wake(const Element& message, NotificationSetting setting, const Jid& user);

/// What is to be done about a message in a room: nothing, counting it, or waking the devices.
enum class Attention { none, count, wake };
Attention attention_for(RoomNotice::Mention mention, NotificationSetting setting);

/// Returns which notices of a room are of any use.
NoticeInterest interest_of(NotificationSetting setting);

/// Returns whether the message is a private one of an occupant of a room (XEP-0045 §7.5).
bool is_from_occupant(const Stanza& message);

} // namespace stonechat
