// SPDX-License-Identifier: Apache-2.0
#include "xmpp/utf8.hpp"

#include <doctest/doctest.h>

using namespace stonechat;

TEST_CASE("utf8: a prefix ends with a whole character")
{
    CHECK(utf8_prefix("abc", 3) == "abc");
    CHECK(utf8_prefix("abc", 2) == "ab");
    CHECK(utf8_prefix("a\u00e9", 3) == "a\u00e9");
    CHECK(utf8_prefix("a\u00e9", 2) == "a");
    CHECK(utf8_prefix("\U0001F600", 3).empty());
    CHECK(utf8_prefix("", 0).empty());
}
