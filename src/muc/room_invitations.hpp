// SPDX-License-Identifier: Apache-2.0
// Mediated invitations and their refusal (XEP-0045 section 7.8.2). Direct ones (XEP-0249) do not pass the
// room.
#pragma once

#include "muc/room.hpp"
#include "router/settlement.hpp"
#include "xmpp/stanza.hpp"

namespace stonechat {

/// It carries `<invite/>` or `<decline/>`.
bool is_invitation(const Stanza& message);
void receive_invitation(Room& room, Stanza message, Settlement settlement);

/// `member` was added to the members of a members-only room by `by`: unless he is inside, he is invited
/// (§9.3). So many as `by` may say messages; the others are members all the same.
void invite_member(Room& room, const Jid& member, const Jid& by);

} // namespace stonechat
