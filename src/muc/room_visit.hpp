// SPDX-License-Identifier: Apache-2.0
// Being in a room, and leaving it (XEP-0045 sections 7.6, 7.7 and 7.14): presences that come in, and the ways
// in which an occupant is made to go (sections 8.2, 9.1, 10.9, 11).
#pragma once

#include "muc/room.hpp"
#include "muc/room_presence.hpp"
#include "xmpp/stanza.hpp"

namespace stonechat {

/// A presence to the room or one of its occupants.
void receive_presence(Room& room, Stanza presence);

/// One of an occupant's devices leaves by itself or is lost; `content` is what it says on leaving.
void leave(Room& room, const Jid& device, const Element* content, const Notice& notice = {});

/// An occupant is made to go with all his devices. They are told at once; what this gives tells the others
/// and is to be called after whoever did it has his answer.
Function<void()> remove_occupant(Room& room, Occupant& occupant, const Notice& notice);

/// All are removed, and the room is no more (§10.9); what is stored of it is the caller's business.
void destroy_room(Room& room, Notice notice);

/// A stanza that was sent to an occupant came back as an error: whoever cannot be reached is a ghost
/// (§18.1.2).
bool is_delivery_error(const Stanza& stanza);

} // namespace stonechat
