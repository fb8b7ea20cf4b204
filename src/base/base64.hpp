// SPDX-License-Identifier: Apache-2.0
// Base64 as required by RFC 4648 section 4 and RFC 6120 section 13.9.1: padded, no line breaks, no character
// outside the alphabet. Pure.
#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace stonechat {

std::string base64_encode(std::string_view bytes);

/// Returns nothing if `text` is not strict base64 (missing padding, white space, foreign characters).
std::optional<std::string> base64_decode(std::string_view text);

} // namespace stonechat
