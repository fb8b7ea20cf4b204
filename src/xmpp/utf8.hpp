// SPDX-License-Identifier: Apache-2.0
// Strict UTF-8 (RFC 3629) without what XML 1.0 cannot carry anyway: NUL, U+FFFE and U+FFFF. expat
// alone is no guard: it also reads UTF-16, whatever it was told. Pure.
#pragma once

#include <cstdint>
#include <string_view>

namespace stonechat {

/// Checks text that comes in pieces; a character may be cut anywhere.
class Utf8Validator {
public:
    /// How many leading bytes of `bytes` continue valid UTF-8; all of them if nothing is wrong.
    std::size_t valid_prefix(std::string_view bytes);
    /// Whether no character is unfinished.
    bool complete() const { return missing_ == 0; }

private:
    std::uint8_t missing_ = 0;   ///< bytes still to come of the character at hand
    std::uint8_t lowest_ = 0x80; ///< what the next of them may be
    std::uint8_t highest_ = 0xbf;
    bool may_be_noncharacter_ = false; ///< EF has been read, or EF BF
};

/// Whether `text` is complete and valid.
bool is_valid_utf8(std::string_view text);

} // namespace stonechat
