// SPDX-License-Identifier: Apache-2.0
#include "xmpp/byte_search.hpp"

#include <doctest/doctest.h>

#include <algorithm>
#include <string>
#include <string_view>

using namespace stonechat;

namespace {

/// Puts each of the 256 bytes at each place of texts of up to three blocks, and looks for it from each
/// place of the first block on. How often `find` finds something else than `is_wanted`.
template <class Find, class IsWanted> int mistakes(Find find, IsWanted is_wanted)
{
    int wrong = 0;
    for (const std::size_t size : { 0, 1, 15, 16, 17, 31, 33, 40 }) {
        for (std::size_t place = 0; place < std::max<std::size_t>(size, 1); ++place) {
            for (int byte = 0; byte < 256; ++byte) {
                std::string text(size, 'a');
                if (place < size) {
                    text[place] = static_cast<char>(byte);
                }
                for (std::size_t from = 0; from <= std::min<std::size_t>(size, 17); from += 4) {
                    const char* const at = text.data() + from;
                    const char* const end = text.data() + size;
                    wrong += find(at, end) == std::find_if(at, end, is_wanted) ? 0 : 1;
                }
            }
        }
    }
    return wrong;
}

} // namespace

TEST_CASE("byte search: the first of some characters, at any place of a text of any length")
{
    CHECK(mistakes([](const char* at, const char* end) { return find_any(at, end, '<', '&'); },
              [](char c) { return c == '<' || c == '&'; })
        == 0);
    CHECK(mistakes([](const char* at, const char* end) { return find_any(at, end, '\x80'); },
              [](char c) { return c == '\x80'; })
        == 0);
}

TEST_CASE("byte search: control characters and what is not ASCII are special, and what else is wanted")
{
    const auto is_special = [](char c) {
        const auto byte = static_cast<unsigned char>(c);
        return byte < 0x20 || byte >= 0x80 || c == '<' || c == '>' || c == '&';
    };
    CHECK(mistakes([](const char* at, const char* end) { return find_special(at, end, '<', '>', '&'); },
              is_special)
        == 0);
}

TEST_CASE("byte search: the end of plain ASCII is NUL or the first byte above")
{
    CHECK(mistakes([](const char* at, const char* end) { return find_not_ascii(at, end); },
              [](char c) { return c == '\0' || static_cast<unsigned char>(c) >= 0x80; })
        == 0);
}

TEST_CASE("byte search: the first of several hits, and nothing behind the end")
{
    const std::string_view text = "0123456789abcdef<0123456789abcdef&";
    CHECK(find_any(text.data(), text.data() + text.size(), '&', '<') == text.data() + 16);
    CHECK(find_any(text.data(), text.data() + 16, '<') == text.data() + 16);
    CHECK(find_any(text.data(), text.data() + 10, '<', 'a') == text.data() + 10);
}
