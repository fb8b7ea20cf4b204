// SPDX-License-Identifier: Apache-2.0
#include "xmpp/mentions.hpp"

#include <doctest/doctest.h>

using namespace stonechat;

TEST_CASE("mentions: a name is found as a word of its own")
{
    CHECK(mentions("hag: come here", "hag"));
    CHECK(mentions("Come here, HAG!", "hag"));
    CHECK(mentions("the third witch is late", "third witch"));
    CHECK_FALSE(mentions("hags are late", "hag"));
    CHECK_FALSE(mentions("a shag carpet", "hag"));
    CHECK_FALSE(mentions("ähag", "hag"));
    CHECK_FALSE(mentions("", "hag"));
    CHECK_FALSE(mentions("hag", ""));
}

TEST_CASE("mentions: punctuation of any script ends a word, and so does a script without spaces")
{
    CHECK(mentions("hag\u2026", "hag"));
    CHECK(mentions("\u201chag\u201d", "hag"));
    CHECK(mentions("the hag\u2019s turn", "hag"));
    CHECK(mentions("\u8bf7hag\uff0c\u6765\u8fd9\u91cc\u3002", "hag"));
    CHECK(mentions("hag\U0001f600", "hag"));
    CHECK_FALSE(mentions("hag\u00e9", "hag"));
    CHECK_FALSE(mentions("hage\u0301s", "hage")); // the accent belongs to it
    CHECK(mentions("\u00e4\u00df!", "\u00e4\u00df"));
}

TEST_CASE("mentions: what is no UTF-8 is read without harm")
{
    CHECK(mentions("\xff hag", "hag"));
    CHECK(mentions("\x80hag\xc3", "hag"));
}
