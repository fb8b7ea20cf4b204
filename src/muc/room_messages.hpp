// SPDX-License-Identifier: Apache-2.0
// Messages to a room (XEP-0045 section 7.4) and what changes its subject (section 8.1): checked, committed to
// the room's archive, then reflected to all who were there when it came.
#pragma once

#include "muc/room.hpp"
#include "router/settlement.hpp"
#include "xmpp/stanza.hpp"

namespace stonechat {

/// A message of any kind to the room or one of its occupants.
void receive_message(Room& room, Stanza message, Settlement settlement);

/// Commits `message`, which comes from an occupant's address or the room's, to the archive if it is worth
/// that, and says it to all who are there now. `author` is who really wrote it (a full address), for the
/// archive. `refusable` is answered if it could not be stored; `then` is called when all have been told.
struct RoomMessage {
    Stanza message;
    Jid author;
    Stanza refusable;
    Settlement settlement;
    Function<void(std::optional<MessageId>)> then;
    std::optional<Origin> origin = {}; ///< its client may say it once more
};
void send_room_message(Room& room, RoomMessage room_message);

} // namespace stonechat
