// SPDX-License-Identifier: Apache-2.0
// Notices (router/room_notice.hpp) for the users of a room who may be away: its members, and occupants whose
// device sleeps. A notice goes to the user's home shard, where the module push wakes the user's devices
// (XEP-0357) as the user has chosen (XEP-0492). The message itself waits in the room's archive.
//
// What is usual: every message in a members-only room, mentions in any other. A member may choose otherwise
// when registering with the room; a setting of XEP-0492 counts more than that.
#pragma once

#include "muc/room.hpp"
#include "router/room_notice.hpp"
#include "xmpp/element.hpp"

#include <vector>

namespace stonechat {

/// Returns the notices of `message`, which `sender` is sending: one for each user who may have a use for it.
std::vector<RoomNotice> notices_of(const Room& room, const Occupant& sender, const Element& message);
/// Call after the message is committed.
void send_notices(const Room& room, const std::vector<RoomNotice>& notices);

} // namespace stonechat
