// SPDX-License-Identifier: Apache-2.0
// Questions about the content of a message that several features ask. Pure.
#pragma once

#include "xmpp/element.hpp"

namespace stonechat {

/// Returns whether it has encrypted text (XEP-0384, XEP-0373, XEP-0027). False for messages that only prepare
/// encryption, like an OMEMO key without payload.
bool has_ciphertext(const Element& message);

/// Returns whether it announces a call (XEP-0353 §4).
bool is_call_invite(const Element& message);

/// Returns whether it has only a chat state (XEP-0085), also inside a carbon copy.
bool is_only_chat_state(const Element& message);

/// Returns whether it only says that an earlier message was received or read (XEP-0184, XEP-0333), and has no
/// text for people.
bool is_tick(const Element& message);

} // namespace stonechat
