// SPDX-License-Identifier: Apache-2.0
// Requests for voice in a moderated room, and their approval (XEP-0045 sections 7.13 and 8.6).
#pragma once

#include "muc/room.hpp"
#include "xmpp/stanza.hpp"

namespace stonechat {

class RoomHandlers;

void attach_voice_requests(RoomHandlers& on);

} // namespace stonechat
