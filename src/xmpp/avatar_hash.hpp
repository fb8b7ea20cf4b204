// SPDX-License-Identifier: Apache-2.0
// The hash of an avatar's image, by which clients know the avatar (XEP-0084 section 4.2.1, XEP-0153 section
// 3.1). Pure.
#pragma once

#include "xmpp/element.hpp"

#include <optional>
#include <string>
#include <string_view>

namespace stonechat {

/// Returns the bytes of an image from its base64 form, in which clients insert white space; nullopt if it is
/// none.
std::optional<std::string> decode_image(std::string text);

/// Returns the SHA-1 of an image in lower-case hexadecimal.
std::string image_hash(std::string_view image);

/// Returns the hash of the photo in `card` (vcard-temp); empty if there is no readable photo.
std::string avatar_hash(const Element& card);

} // namespace stonechat
