// SPDX-License-Identifier: Apache-2.0
// Notices for members of a room who are away. A notice is sent for a message that mentions the member, or for
// any message if the member has chosen that. It goes to the member's home shard, where the module push wakes
// the member's devices (XEP-0357). The message itself waits in the room's archive.
#pragma once

#include "muc/room.hpp"
#include "xmpp/element.hpp"

#include <vector>

namespace stonechat {

/// Returns the bare addresses of the users to be notified of `message`, which `sender` is sending.
std::vector<Jid> whom_to_notice(const Room& room, const Occupant& sender, const Element& message);
/// Notifies `users` of a message of `author` (an occupant's address); call after the message is committed.
/// Users who have blocked `author` are not notified.
void send_notices(const Room& room, const Jid& author, const std::vector<Jid>& users);

} // namespace stonechat
