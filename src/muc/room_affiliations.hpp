// SPDX-License-Identifier: Apache-2.0
// Changing a room's affiliations (XEP-0045 section 5.2). A change is stored first, then applied in memory,
// then announced to the occupants. The lists of admins and owners, registration, invitations and the
// configuration all change affiliations here.
#pragma once

#include "base/task.hpp"
#include "muc/room.hpp"
#include "muc/room_presence.hpp"
#include "storage/stored.hpp"

#include <vector>

namespace stonechat {

/// Stores `members`, then applies them in memory. If storing fails, nothing has changed. If the room is not
/// stored yet, only memory is changed. The caller holds the room's change_mutex.
Task<Result<Done, StoreError>> store_members(Room& room, std::vector<RoomMember> members);

/// Applies a change of the affiliation of `user` from `before`: the user's occupants get their new role or
/// are removed. Returns the announcement to the other occupants; call it after the request was answered.
/// `actor` may be empty.
Function<void()> apply_affiliation(Room& room, const Jid& user, Affiliation before, std::string actor,
    std::string reason);

/// Removes occupants without affiliation after the room became members-only (§10.2.1 with code 322). Returns
/// the announcement, as apply_affiliation does.
Function<void()> remove_strangers(Room& room);

/// Returns a function that calls all of `each` in order.
Function<void()> all_of(std::vector<Function<void()>> each);

} // namespace stonechat
