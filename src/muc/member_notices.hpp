// SPDX-License-Identifier: Apache-2.0
// Who belongs to a room hears of it also when he is away: a message that mentions him, or any if he has
// chosen so, is made known at his own home, where the module push wakes his devices (XEP-0357). The message
// itself waits in the room's archive.
#pragma once

#include "muc/room.hpp"
#include "xmpp/element.hpp"

#include <vector>

namespace stonechat {

/// Who is to hear of `message`, which `sender` is saying (bare addresses).
std::vector<Jid> whom_to_notice(const Room& room, const Occupant& sender, const Element& message);
/// What `author` (an occupant's address) has said is committed: makes it known to `users`, unless they have
/// blocked him.
void send_notices(const Room& room, const Jid& author, const std::vector<Jid>& users);

} // namespace stonechat
