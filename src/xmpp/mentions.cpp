// SPDX-License-Identifier: Apache-2.0
#include "xmpp/mentions.hpp"

#include "base/ascii.hpp"

#include <algorithm>
#include <cstdint>
#include <unicode/uchar.h>
#include <unicode/utf8.h>

namespace stonechat {
namespace {

constexpr UChar32 first_beyond_ascii = 0x80;

bool is_ascii_word(UChar32 c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
}

/// Returns whether the character continues a word beside it. Characters of scripts without spaces do not.
bool is_word(UChar32 c)
{
    if (c >= 0 && c < first_beyond_ascii) {
        return is_ascii_word(c);
    }
    switch (u_getIntPropertyValue(c, UCHAR_WORD_BREAK)) {
    case U_WB_ALETTER:
    case U_WB_HEBREW_LETTER:
    case U_WB_NUMERIC:
    case U_WB_EXTEND: return true;
    default: return false;
    }
}

struct Character {
    UChar32 code;
    std::size_t end; ///< the position after it
};

Character character_at(std::string_view text, std::size_t place)
{
    UChar32 c = 0;
    auto i = static_cast<std::int32_t>(place);
    U8_NEXT_OR_FFFD(text.data(), i, static_cast<std::int32_t>(text.size()), c);
    return { c, static_cast<std::size_t>(i) };
}

/// Returns the word at the front of `text`, which must not be empty, or else its first character.
std::string_view first_piece(std::string_view text)
{
    Character character = character_at(text, 0);
    if (!is_word(character.code)) {
        return text.substr(0, character.end);
    }
    std::size_t end = character.end;
    while (end < text.size()) {
        character = character_at(text, end);
        if (!is_word(character.code)) {
            break;
        }
        end = character.end;
    }
    return text.substr(0, end);
}

bool is_word_before(std::string_view text, std::size_t place)
{
    UChar32 c = 0;
    auto i = static_cast<std::int32_t>(place);
    U8_PREV_OR_FFFD(text.data(), 0, i, c);
    return is_word(c);
}

} // namespace

Mentions::Mentions(std::string_view text) : text_(ascii_lower(text))
{
    for (std::string_view rest = text_; !rest.empty();) {
        const auto piece = first_piece(rest);
        rest.remove_prefix(piece.size());
        if (piece != " ") { // no name begins with it
            pieces_.push_back(piece);
        }
    }
    std::sort(pieces_.begin(), pieces_.end());
}

bool Mentions::has(std::string_view name) const
{
    if (name.empty()) {
        return false;
    }
    const std::string lower = ascii_lower(name);
    const auto [begin, end] = std::equal_range(pieces_.begin(), pieces_.end(), first_piece(lower));
    return std::any_of(begin, end, [&](std::string_view piece) {
        const auto place = static_cast<std::size_t>(piece.data() - text_.data());
        const std::size_t behind = place + lower.size();
        return text_.compare(place, lower.size(), lower) == 0 && (place == 0 || !is_word_before(text_, place))
            && (behind == text_.size() || !is_word(character_at(text_, behind).code));
    });
}

} // namespace stonechat
