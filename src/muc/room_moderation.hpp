// SPDX-License-Identifier: Apache-2.0
// Retraction of messages by their author (XEP-0424) or by a moderator (XEP-0425). A tombstone remains in the
// archive.
#pragma once

#include "muc/room_messages.hpp"

#include <optional>
#include <string>

namespace stonechat {

class RoomHandlers;

void attach_room_moderation(RoomHandlers& on);

/// Returns the stanza-id of the message that `message` retracts, or nothing.
std::optional<std::string> retracted_id(const Element& message);
/// Sends a retraction to all occupants. Replaces the retracted message by a tombstone if the occupant is its
/// author.
void retract_own(Room& room, const Occupant& occupant, const std::string& target, RoomMessage room_message);

/// Parses a stanza-id of this server; returns nothing if `text` is none.
std::optional<MessageId> message_id_from(std::string_view text);
/// Returns the message with that id in the room's archive, or nothing.
Task<std::optional<ArchivedMessage>> find_message(std::shared_ptr<Room> room, MessageId id);

} // namespace stonechat
