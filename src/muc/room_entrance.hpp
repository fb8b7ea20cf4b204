// SPDX-License-Identifier: Apache-2.0
// Entering a room (XEP-0045 section 7.2), and creating a room by entering it (section 10.1).
#pragma once

#include "muc/room.hpp"
#include "xmpp/stanza.hpp"

#include <string_view>

namespace stonechat {

/// Handles `presence` with `<x xmlns='…muc'/>` of a device that is not in the room: lets the device in or
/// answers with an error.
void enter(Room& room, Stanza presence);
/// Handles a device that enters again under its own nick. The client has lost track and gets everything anew
/// (§7.2.1, §17.3).
void enter_again(Room& room, Occupant& occupant, Device& device, Stanza presence);
/// Sends a device that enters all it gets, in the order of §7.1: other occupants, itself, history, subject.
void synchronise(Room& room, const Occupant& occupant, const Device& device, const Stanza& presence);
/// Moves a device to another nick of the same user, under which other devices of the user are present.
void change_place(Room& room, Stanza presence);

/// Returns why `user` cannot have a nick, or nothing if the nick is free (§7.2.8, §7.6).
std::optional<StanzaError> nick_problem(const Room& room, const Jid& user, std::string_view nick);

/// Returns a presence as others may see it: without addresses and without elements that only rooms may send.
Element visible_content(const Element& presence);
/// Stores the content and priority of `presence` as the device's current ones.
void take_presence(Device& device, Stanza& presence);

/// Adds a device under a nick, which must be free or belong to the device's user. `presence` is the visible
/// content of the device's last presence. Sends nothing.
Occupant& give_place(Room& room, const Jid& device, std::string_view nick, std::string presence,
    int priority);

/// Adds an archived message to the room's history, if it is a message with a body from an occupant.
void add_to_history(Room& room, Element message, MessageId id, WallTime stamp);

} // namespace stonechat
