// SPDX-License-Identifier: Apache-2.0
// Messages to a room (XEP-0045 section 7.4) and changes of its subject (section 8.1). A message is checked,
// committed to the room's archive, then sent to all occupants who were present when it arrived.
#pragma once

#include "muc/room.hpp"
#include "router/settlement.hpp"
#include "xmpp/stanza.hpp"

namespace stonechat {

class RoomHandlers;

void attach_room_messages(RoomHandlers& on);

/// Handles a message of any type to the room or one of its occupants. Moves `settlement` away if something
/// is still to be done; the caller settles what is left.
void receive_message(Room& room, Stanza message, Settlement& settlement);

/// A message from an occupant's address or the room's. send_room_message() commits it to the room's archive
/// if it is to be archived, then sends it to the occupants who were present at the call. `author` is the real
/// full address of its sender, for the archive. `refusable` is answered with an error if the message cannot
/// be stored. `then` is called when the message was sent to all, before `settlement` is settled.
struct RoomMessage {
    Stanza message;
    Jid author;
    Stanza refusable;
    Settlement settlement;
    Function<void(std::optional<MessageId>, const Settlement&)> then;
    std::optional<Origin> origin = {}; ///< recognises the message if the client sends it again
};
void send_room_message(Room& room, RoomMessage room_message);

} // namespace stonechat
