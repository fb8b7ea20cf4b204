// SPDX-License-Identifier: Apache-2.0
// XEP-0280 Message Carbons: makes the copy of a message for another device of the account, and decides
// whether a message may be copied. Pure.
#pragma once

#include "xmpp/stanza.hpp"

#include <cstdint>

namespace stonechat {

/// Direction of the copied message, seen from its account.
enum class CopyDirection : std::uint8_t { sent, received };

/// Wraps a forwarded copy in <sent/> or <received/>: from the bare `account` to its `session`, with the type
/// of the message itself (§7, §8).
Stanza carbon_of(const Stanza& message, CopyDirection direction, const Jid& account, const Jid& session);

/// Returns the message inside a carbon copy; null if `message` is not a carbon copy.
const Element* carbon_content(const Element& message);

/// Returns whether the rules of §6.1 (urn:xmpp:carbons:rules:0) allow a copy. For an error this depends on
/// the message that it answers; as that is not known here, an error is not eligible.
bool is_carbon_eligible(const Stanza& message, CopyDirection direction);

} // namespace stonechat
