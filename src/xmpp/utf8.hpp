// SPDX-License-Identifier: Apache-2.0
// Checks strict UTF-8 (RFC 3629) without the characters that XML 1.0 cannot carry: NUL, U+FFFE and U+FFFF.
// expat alone does not suffice: it also reads UTF-16, whatever encoding it was given. Pure.
#pragma once

#include <cstdint>
#include <string_view>

namespace stonechat {

/// Checks text that arrives in pieces; a piece may end inside a character.
class Utf8Validator {
public:
    /// Returns how many leading bytes of `bytes` are valid UTF-8 after the earlier pieces; all of them if
    /// there is no error.
    std::size_t valid_prefix(std::string_view bytes);
    /// Returns whether no character is unfinished.
    bool complete() const { return missing_ == 0; }

private:
    std::uint8_t missing_ = 0;   ///< missing bytes of the current character
    std::uint8_t lowest_ = 0x80; ///< lowest allowed value of the next byte
    std::uint8_t highest_ = 0xbf;
    bool may_be_noncharacter_ = false; ///< EF has been read, or EF BF
};

/// Returns the longest prefix of UTF-8 `text` within `most` bytes that ends with a whole character.
std::string_view utf8_prefix(std::string_view text, std::size_t most);

/// Returns whether `text` is complete and valid.
bool is_valid_utf8(std::string_view text);

} // namespace stonechat
