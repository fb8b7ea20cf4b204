// SPDX-License-Identifier: Apache-2.0
// Private messages from one occupant to another (XEP-0045 section 7.5). They are never in the room's archive,
// only in the archives of the two users.
#pragma once

#include "muc/room.hpp"
#include "router/settlement.hpp"
#include "xmpp/stanza.hpp"

namespace stonechat {

void receive_private(Room& room, Stanza message, Settlement& settlement);
/// Returns the error for an undeliverable private message to its sender, without the recipient's real
/// address.
void return_private(Room& room, const Stanza& error);

} // namespace stonechat
