// SPDX-License-Identifier: Apache-2.0
// Changing who belongs to a room (XEP-0045 section 5.2): stored first, then in memory, then told to those who
// are there. The lists of admins and owners, registration, invitations and the configuration all change
// affiliations here.
#pragma once

#include "base/task.hpp"
#include "muc/room.hpp"
#include "muc/room_presence.hpp"
#include "storage/stored.hpp"

#include <vector>

namespace stonechat {

/// Stores `members` and puts them into memory; only the first can fail, and nothing has changed then. Of a
/// room that is not stored yet, in memory only. In the caller's turn.
Task<Result<Done, StoreError>> store_members(Room& room, std::vector<RoomMember> members);

/// The affiliation of `user` was `before`: his occupants get their new role, or have to go. Gives what the
/// others are told, to be called after whoever did it has his answer; `actor` may be empty.
Function<void()> apply_affiliation(Room& room, const Jid& user, Affiliation before, std::string actor,
    std::string reason);

/// The room has become members-only: who does not belong to it has to go (§10.2.1 with code 322).
Function<void()> remove_strangers(Room& room);

/// Several such, one after another.
Function<void()> all_of(std::vector<Function<void()>> each);

} // namespace stonechat
