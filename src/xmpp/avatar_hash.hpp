// SPDX-License-Identifier: Apache-2.0
// The name of an avatar: the hash of its image (XEP-0153 section 3.1). Pure.
#pragma once

#include "xmpp/element.hpp"

#include <string>

namespace stonechat {

/// Of the photo in `card` (vcard-temp): SHA-1 in lower-case hexadecimal; empty if there is none that can be
/// read.
std::string avatar_hash(const Element& card);

} // namespace stonechat
