// SPDX-License-Identifier: Apache-2.0
#include "xmpp/mentions.hpp"

#include <doctest/doctest.h>

using namespace stonechat;

TEST_CASE("mentions: a name is found as a word of its own")
{
    CHECK(Mentions("hag: come here").has("hag"));
    CHECK(Mentions("Come here, HAG!").has("hag"));
    CHECK(Mentions("the third witch is late").has("third witch"));
    CHECK_FALSE(Mentions("hags are late").has("hag"));
    CHECK_FALSE(Mentions("a shag carpet").has("hag"));
    CHECK_FALSE(Mentions("ähag").has("hag"));
    CHECK_FALSE(Mentions("").has("hag"));
    CHECK_FALSE(Mentions("hag").has(""));
}

TEST_CASE("mentions: punctuation of any script ends a word, and so does a script without spaces")
{
    CHECK(Mentions("hag\u2026").has("hag"));
    CHECK(Mentions("\u201chag\u201d").has("hag"));
    CHECK(Mentions("the hag\u2019s turn").has("hag"));
    CHECK(Mentions("\u8bf7hag\uff0c\u6765\u8fd9\u91cc\u3002").has("hag"));
    CHECK(Mentions("hag\U0001f600").has("hag"));
    CHECK_FALSE(Mentions("hag\u00e9").has("hag"));
    CHECK_FALSE(Mentions("hage\u0301s").has("hage")); // the accent belongs to it
    CHECK(Mentions("\u00e4\u00df!").has("\u00e4\u00df"));
}

TEST_CASE("mentions: what is no UTF-8 is read without harm")
{
    CHECK(Mentions("\xff hag").has("hag"));
    CHECK(Mentions("\x80hag\xc3").has("hag"));
}

TEST_CASE("mentions: of a name that a text has many times, one that stands alone is enough")
{
    CHECK(Mentions("hag-like hags, a hag's hag").has("hag"));
    CHECK(Mentions("third third witches, third witch").has("third witch"));
    CHECK_FALSE(Mentions("third third witches").has("third witch"));
    CHECK(Mentions("[bot]s are no [bot]").has("[bot]"));
    CHECK_FALSE(Mentions("a[bot] and [bot]s").has("[bot]"));
    CHECK(Mentions("\u8bf7\u5f20\u4e09\u6765").has("\u5f20\u4e09"));
}
