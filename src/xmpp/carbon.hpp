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
/// of the type of the message itself (§7, §8).
Stanza carbon_of(const Stanza& message, CopyDirection direction, const Jid& account, const Jid& session);

/// The message inside a carbon copy, or null if `message` is none.
const Element* carbon_content(const Element& message);

/// The rules of §6.1, urn:xmpp:carbons:rules:0. Of an error only who knows the message that it answers can
/// tell: here it is not eligible.
bool is_carbon_eligible(const Stanza& message, CopyDirection direction);

} // namespace stonechat
