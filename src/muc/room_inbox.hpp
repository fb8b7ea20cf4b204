// SPDX-License-Identifier: Apache-2.0
// What a room knows of itself for the inbox of a user (XEP-0430): its last message, and how many the user has
// not read. The inbox asks with the query of the XEP, in which `<displayed/>` (XEP-0490) says how far the
// user has read, and gets an `<entry/>` with the archive result inside. Who may not read the archive gets
// nothing.
#pragma once

namespace stonechat {

class RoomHandlers;

void attach_room_inbox(RoomHandlers& on);

} // namespace stonechat
