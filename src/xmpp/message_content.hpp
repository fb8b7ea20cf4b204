// SPDX-License-Identifier: Apache-2.0
// What a message carries, where several features ask the same question. Pure.
#pragma once

#include "xmpp/element.hpp"

namespace stonechat {

/// Text that only its recipient can read (XEP-0384, XEP-0373, XEP-0027); not what merely prepares for it,
/// like an OMEMO key without payload.
bool has_ciphertext(const Element& message);

/// Somebody is called (XEP-0353 §4).
bool is_call_invite(const Element& message);

/// It says whether somebody is typing (XEP-0085), and nothing else; also inside a carbon copy.
bool is_only_chat_state(const Element& message);

/// It says that an earlier message was received or read (XEP-0184, XEP-0333), and nothing a person reads.
bool is_tick(const Element& message);

} // namespace stonechat
