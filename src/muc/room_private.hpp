// SPDX-License-Identifier: Apache-2.0
// Private messages from one occupant to another (XEP-0045 section 7.5). They are the business of the two:
// never in the room's archive, but in those of the users.
#pragma once

#include "muc/room.hpp"
#include "router/settlement.hpp"
#include "xmpp/stanza.hpp"

namespace stonechat {

void receive_private(Room& room, Stanza message, Settlement settlement);
/// One could not be delivered: its sender hears of it, without learning who it really was.
void return_private(Room& room, const Stanza& error);

} // namespace stonechat
