// SPDX-License-Identifier: Apache-2.0
#include "xmpp/mentions.hpp"

#include <algorithm>
#include <cctype>
#include <cstdint>
#include <unicode/uchar.h>
#include <unicode/utf8.h>

namespace stonechat {
namespace {

/// Goes on with a word that is beside it. Of scripts that are written without spaces nothing does.
bool is_word(UChar32 c)
{
    switch (u_getIntPropertyValue(c, UCHAR_WORD_BREAK)) {
    case U_WB_ALETTER:
    case U_WB_HEBREW_LETTER:
    case U_WB_NUMERIC:
    case U_WB_EXTEND: return true;
    default: return false;
    }
}

/// Of `text`, which is UTF-8.
bool is_word_before(std::string_view text, std::size_t place)
{
    UChar32 c = 0;
    auto i = static_cast<std::int32_t>(place);
    U8_PREV_OR_FFFD(text.data(), 0, i, c);
    return is_word(c);
}

bool is_word_at(std::string_view text, std::size_t place)
{
    UChar32 c = 0;
    auto i = static_cast<std::int32_t>(place);
    U8_NEXT_OR_FFFD(text.data(), i, static_cast<std::int32_t>(text.size()), c);
    return is_word(c);
}

bool is_same(char a, char b)
{
    return std::tolower(static_cast<unsigned char>(a)) == std::tolower(static_cast<unsigned char>(b));
}

} // namespace

bool mentions(std::string_view text, std::string_view name)
{
    auto from = text.begin();
    while (true) {
        const auto found = std::search(from, text.end(), name.begin(), name.end(), is_same);
        if (found == text.end() || name.empty()) {
            return false;
        }
        const auto begin = static_cast<std::size_t>(found - text.begin());
        const std::size_t end = begin + name.size();
        const bool begins = begin == 0 || !is_word_before(text, begin);
        const bool ends = end == text.size() || !is_word_at(text, end);
        if (begins && ends) {
            return true;
        }
        from = found + 1;
    }
}

} // namespace stonechat
