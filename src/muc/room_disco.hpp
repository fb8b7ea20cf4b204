// SPDX-License-Identifier: Apache-2.0
// Service discovery of a room (XEP-0045 sections 6.4 and 6.5; XEP-0128): the answers, with the room's
// identity, its occupants and the information form. Everything else comes from the features (RoomHandlers).
#pragma once

namespace stonechat {

class RoomHandlers;

void attach_room_disco(RoomHandlers& on);

} // namespace stonechat
