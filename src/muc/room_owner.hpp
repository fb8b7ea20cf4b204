// SPDX-License-Identifier: Apache-2.0
// Configuring and destroying a room (XEP-0045 sections 10.1, 10.2 and 10.9, namespace muc#owner).
#pragma once

#include "muc/room_config.hpp"
#include "muc/room_handlers.hpp"
#include "storage/room_store.hpp"
#include "xmpp/element.hpp"

#include <vector>

namespace stonechat {

void attach_room_owner(RoomHandlers& on);

/// Applies a submitted form, sent by an owner or by the administrator. Values may not exceed `limits`. The
/// caller holds the room's change_mutex.
Task<RoomAnswer> submit(std::shared_ptr<Room> room, DataForm form, RoomLimits limits);
/// Stores a configuration, then applies it. The answer contains the announcement to the occupants.
Task<RoomAnswer> configure(std::shared_ptr<Room> room, RoomConfig config, std::vector<RoomMember> members);
/// Opens a room with the default configuration, which its owner has accepted (§10.1.2). Returns false if it
/// cannot be stored, true also if the room is already open or gone. The caller holds the room's change_mutex.
Task<bool> accept_default(std::shared_ptr<Room> room);
/// Announces a configuration change to the occupants, by status codes of §16.6 (§10.2.1).
void tell_config(Room& room, const std::vector<int>& codes);
/// Removes the room from the store, then removes all occupants and the room from memory.
Task<Result<Done, StoreError>> destroy_room(std::shared_ptr<Room> room, Element destroy);

} // namespace stonechat
