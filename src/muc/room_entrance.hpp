// SPDX-License-Identifier: Apache-2.0
// Entering a room (XEP-0045 section 7.2), creating it by that (section 10.1), and coming back to it with a
// session that was resumed after a restart of the server (XEP-0198).
#pragma once

#include "muc/room.hpp"
#include "xmpp/stanza.hpp"

#include <string_view>

namespace stonechat {

/// `presence` of a device that is not in the room, with `<x xmlns='…muc'/>`: lets it in, or says why not.
void enter(Room& room, Stanza presence);
/// The device is in the room under this nick and enters again: it has lost track, and gets everything anew
/// (§7.2.2).
void enter_again(Room& room, Occupant& occupant, Device& device, const Stanza& presence);

/// Why a nick cannot be had by `user`; nothing if it can (§7.2.8, §7.6).
std::optional<StanzaError> refuse_nick(const Room& room, const Jid& user, std::string_view nick);

/// What others may see of a presence: without addresses, and without what only rooms may say.
Element visible_content(const Element& presence);

/// Who was there before a restart has not come back: those who have are told (see Room::expected).
void show_missing(Room& room, std::string_view nick, const Expected& who);

/// Puts an archived message into the room's history, if it belongs there.
void add_to_history(Room& room, Element message, MessageId id, WallTime stamp);

} // namespace stonechat
