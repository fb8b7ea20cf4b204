// SPDX-License-Identifier: Apache-2.0
// The vCard of a room with its avatar (XEP-0054, XEP-0486). Owners set it, users who may enter read it, and
// disco#info of the room contains the hash of the image.
#pragma once

namespace stonechat {

class RoomHandlers;

void attach_room_card(RoomHandlers& on);

} // namespace stonechat
