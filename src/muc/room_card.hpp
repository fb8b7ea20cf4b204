// SPDX-License-Identifier: Apache-2.0
// The card of a room with its avatar (XEP-0054, XEP-0486): owners set it, everybody who may enter sees it,
// and the hash of the image stands in the room's disco#info.
#pragma once

#include "muc/room_requests.hpp"
#include "xmpp/data_form.hpp"

namespace stonechat {

Task<RoomAnswer> answer_card_get(std::shared_ptr<Room> room, Iq iq);
Task<RoomAnswer> answer_card_set(std::shared_ptr<Room> room, Iq iq);
/// Adds `muc#roominfo_avatarhash`, if the room has an avatar (XEP-0486 §3.3).
void add_avatar_hash(const Room& room, DataForm& form);

} // namespace stonechat
