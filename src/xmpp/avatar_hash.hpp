// SPDX-License-Identifier: Apache-2.0
// The hash of an avatar's image, by which clients know the avatar (XEP-0153 section 3.1). Pure.
#pragma once

#include "xmpp/element.hpp"

#include <string>

namespace stonechat {

/// Returns the SHA-1 of the photo in `card` (vcard-temp) in lower-case hexadecimal; empty if there is no
/// readable photo.
std::string avatar_hash(const Element& card);

} // namespace stonechat
