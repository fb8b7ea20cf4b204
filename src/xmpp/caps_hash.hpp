// SPDX-License-Identifier: Apache-2.0
// XEP-0115 Entity Capabilities: the verification string of a disco#info answer (§5). Pure.
#pragma once

#include "xmpp/element.hpp"

#include <string>

namespace stonechat {

/// Returns the base64 of SHA-1 over the string that §5.1 builds from identities (with xml:lang), features
/// and extended forms of `disco_info` (a `<query xmlns='…disco#info'/>`). Empty if §5.4 calls the
/// answer ill-formed (a duplicate identity or feature, two forms of one FORM_TYPE).
std::string caps_hash(const Element& disco_info);

} // namespace stonechat
