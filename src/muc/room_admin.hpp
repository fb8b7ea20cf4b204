// SPDX-License-Identifier: Apache-2.0
// Roles and affiliations by request: kick, voice, moderators, ban, members, admins, owners and their lists
// (XEP-0045 sections 8.2 to 8.5, 9 and 10.3 to 10.8, namespace muc#admin). A set with several items is
// carried out whole or not at all.
#pragma once

#include "muc/room_requests.hpp"
#include "storage/room_store.hpp"
#include "xmpp/jid.hpp"

#include <memory>
#include <string>

namespace stonechat {

Task<RoomAnswer> answer_admin_get(std::shared_ptr<Room> room, Iq iq);
Task<RoomAnswer> answer_admin_set(std::shared_ptr<Room> room, Iq iq);

/// The administrator gives `user` (bare, or a domain) an affiliation: no owner is asked, but one has to
/// remain. In the caller's turn.
Task<RoomAnswer> affiliate(std::shared_ptr<Room> room, Jid user, Affiliation affiliation, std::string reason);

} // namespace stonechat
