// SPDX-License-Identifier: Apache-2.0
// Entering a room (XEP-0045 section 7.2), and creating it by that (section 10.1).
#pragma once

#include "muc/room.hpp"
#include "xmpp/stanza.hpp"

#include <string_view>

namespace stonechat {

/// `presence` of a device that is not in the room, with `<x xmlns='…muc'/>`: lets it in, or says why not.
void enter(Room& room, Stanza presence);
/// The device is in the room under this nick and enters again: it has lost track, and gets everything anew
/// (§7.2.1, §17.3).
void enter_again(Room& room, Occupant& occupant, Device& device, Stanza presence);
/// What who enters gets, in its order (§7.1): the others, himself, history and subject.
void synchronise(Room& room, const Occupant& occupant, const Device& device, const Stanza& presence);
/// The device is in the room under one of its user's nicks, and goes over to another of them, with which
/// other devices of his are there.
void change_place(Room& room, Stanza presence);

/// Why a nick cannot be had by `user`; nothing if it can (§7.2.8, §7.6).
std::optional<StanzaError> refuse_nick(const Room& room, const Jid& user, std::string_view nick);

/// What others may see of a presence: without addresses, and without what only rooms may say.
Element visible_content(const Element& presence);
/// From now on the device is as `presence` says.
void take_presence(Device& device, Stanza& presence);

/// Puts a device under a nick, which must be its user's or free. `presence` is what others may see of the
/// last one it has sent. Nobody is told.
Occupant& give_place(Room& room, const Jid& device, std::string_view nick, std::string presence,
    int priority);

/// Puts an archived message into the room's history, if it belongs there.
void add_to_history(Room& room, Element message, MessageId id, WallTime stamp);

} // namespace stonechat
