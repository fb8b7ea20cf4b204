// SPDX-License-Identifier: Apache-2.0
// XEP-0280 Message Carbons: the copy of a message that another device of the account gets, and what
// says of a message whether it may be copied. Pure.
#pragma once

#include "xmpp/stanza.hpp"

#include <cstdint>

namespace stonechat {

/// Which way the copied message went, as its account sees it.
enum class CopyDirection : std::uint8_t { sent, received };

/// <sent/> or <received/> of XEP-0280 around a forwarded copy: from the bare `account` to its `session`,
/// of the type of the message itself (§6.2, §7).
Stanza carbon_of(const Stanza& message, CopyDirection direction, const Jid& account, const Jid& session);

/// The message inside a carbon copy, or null if `message` is none.
const Element* carbon_content(const Element& message);

/// Whether carbon copies of it are made at all (§6.1): it is part of a conversation, is no copy itself,
/// does not come from a room and nobody has asked for privacy.
bool is_carbon_eligible(const Message& message);

} // namespace stonechat
