// SPDX-License-Identifier: Apache-2.0
// Configuring and destroying a room (XEP-0045 sections 10.1, 10.2 and 10.9, namespace muc#owner).
#pragma once

#include "muc/room_config.hpp"
#include "muc/room_requests.hpp"
#include "storage/room_store.hpp"
#include "xmpp/element.hpp"

#include <vector>

namespace stonechat {

Task<RoomAnswer> answer_owner_get(std::shared_ptr<Room> room, Iq iq);
Task<RoomAnswer> answer_owner_set(std::shared_ptr<Room> room, Iq iq);

/// A form that was filled in, by an owner or in his place, who may not exceed `limits`. In the caller's turn.
Task<RoomAnswer> submit(std::shared_ptr<Room> room, DataForm form, RoomLimits limits);
/// Stores a configuration and applies it. What the occupants are told comes with the answer.
Task<RoomAnswer> configure(std::shared_ptr<Room> room, RoomConfig config, std::vector<RoomMember> members);
/// Opens a room that its owner has accepted as it is (§10.1.2), in the caller's turn. False if it cannot be
/// stored; true also if it was opened before, or is no more.
Task<bool> accept_default(std::shared_ptr<Room> room);
/// Tells those who are there what has changed, by codes of §16.6 (§10.2.1).
void tell_config(Room& room, const std::vector<int>& codes);
/// Removes everybody and the room, which is gone from the store when this is answered.
Task<Result<Done, StoreError>> destroy(std::shared_ptr<Room> room, Element destroy);

} // namespace stonechat
