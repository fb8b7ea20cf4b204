// SPDX-License-Identifier: Apache-2.0
// The vCard of a room with its avatar (XEP-0054, XEP-0486). Owners set it, users who may enter read it, and
// disco#info of the room contains the hash of the image.
#pragma once

#include "muc/room_requests.hpp"
#include "xmpp/data_form.hpp"

namespace stonechat {

Task<RoomAnswer> answer_card_get(std::shared_ptr<Room> room, Iq iq);
Task<RoomAnswer> answer_card_set(std::shared_ptr<Room> room, Iq iq);
/// Adds `muc#roominfo_avatarhash`, if the room has an avatar (XEP-0486 §3.3).
void add_avatar_hash(const Room& room, DataForm& form);

} // namespace stonechat
