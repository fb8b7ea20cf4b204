// SPDX-License-Identifier: Apache-2.0
// Taking messages back: one's own (XEP-0424) and, as a moderator, those of others (XEP-0425). What remains in
// the archive is a tombstone.
#pragma once

#include "muc/room_messages.hpp"
#include "muc/room_requests.hpp"

#include <optional>
#include <string>

namespace stonechat {

/// The stanza-id that a message takes back, or nothing.
std::optional<std::string> retracted_id(const Element& message);
/// Reflects a retraction and buries what it takes back, if that is the occupant's own.
void retract_own(Room& room, const Occupant& occupant, const std::string& target, RoomMessage room_message);

/// `<moderate id=''><retract/></moderate>`
Task<RoomAnswer> answer_moderate(std::shared_ptr<Room> room, Iq iq);

/// A stanza-id of ours as the number that it is.
std::optional<MessageId> message_id_from(std::string_view text);
/// The message with that id in the room's archive, or nothing.
Task<std::optional<ArchivedMessage>> find_message(std::shared_ptr<Room> room, MessageId id);

} // namespace stonechat
