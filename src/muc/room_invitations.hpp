// SPDX-License-Identifier: Apache-2.0
// Mediated invitations and their refusal (XEP-0045 section 7.8.2). Direct invitations (XEP-0249) do not pass
// through the room.
#pragma once

#include "muc/room.hpp"
#include "router/settlement.hpp"
#include "xmpp/stanza.hpp"

namespace stonechat {

/// Returns whether the message carries `<invite/>` or `<decline/>`.
bool is_invitation(const Stanza& message);
void receive_invitation(Room& room, Stanza message, Settlement settlement);

/// Invites `member`, whom `by` has added to the members of a members-only room (§9.3). Sends nothing if the
/// member is present, or if `by` has used up their message rate; the member is added all the same.
void invite_member(Room& room, const Jid& member, const Jid& by);

} // namespace stonechat
