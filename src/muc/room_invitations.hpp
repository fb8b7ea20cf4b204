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

} // namespace stonechat
