// SPDX-License-Identifier: Apache-2.0
// Presence of occupants in a room and leaving it (XEP-0045 sections 7.6, 7.7 and 7.14), and the removal of
// occupants (sections 8.2, 9.1, 10.9, 11).
#pragma once

#include "muc/room.hpp"
#include "muc/room_presence.hpp"
#include "xmpp/stanza.hpp"

namespace stonechat {

/// Handles a presence to the room or to one of its occupants.
void receive_presence(Room& room, Stanza presence);

/// Removes one device of an occupant that leaves or is lost. `content` is what the client sent on leaving, or
/// null.
void leave(Room& room, const Jid& device, const Element* content, const Notice& notice = {});

/// Removes an occupant with all devices. The devices are told at once. Returns the announcement to the
/// others; call it after the request was answered.
Function<void()> remove_occupant(Room& room, Occupant& occupant, const Notice& notice);

/// Removes all occupants and ends the room (§10.9). The caller removes what is stored.
void destroy_room(Room& room, Notice notice);

/// Returns whether a stanza is an error that shows that an occupant's device cannot be reached any more: a
/// ghost (§18.1.2).
bool is_delivery_error(const Stanza& stanza);

} // namespace stonechat
