// SPDX-License-Identifier: Apache-2.0
// Requests that change or list roles and affiliations: kick, voice, moderators, ban, members, admins, owners
// (XEP-0045 sections 8.2 to 8.5, 9 and 10.3 to 10.8, namespace muc#admin). A set with several items is
// applied completely or not at all.
#pragma once

#include "muc/room_handlers.hpp"
#include "storage/room_store.hpp"
#include "xmpp/jid.hpp"

#include <memory>
#include <string>

namespace stonechat {

void attach_room_admin(RoomHandlers& on);

/// Sets the affiliation of `user` (bare, or a domain) for the administrator. No owner's permission is needed,
/// but an owner has to remain. The caller holds the room's change_mutex.
Task<RoomAnswer> change_affiliation(std::shared_ptr<Room> room, Jid user, Affiliation affiliation,
    std::string reason);

} // namespace stonechat
