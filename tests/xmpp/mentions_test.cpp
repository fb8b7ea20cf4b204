// SPDX-License-Identifier: Apache-2.0
#include "xmpp/mentions.hpp"

#include "xmpp/stream_parser.hpp"

#include <doctest/doctest.h>

#include <string>

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

namespace {

MentionedAddresses mentioned(const std::string& content)
{
    const auto message = parse_element("<message xmlns='jabber:client'>" + content + "</message>");
    REQUIRE(message.has_value());
    return MentionedAddresses(*message);
}

std::string reference(const std::string& uri, const std::string& type = "mention")
{
    return "<reference xmlns='urn:xmpp:reference:0' type='" + type + "' uri='" + uri + "'/>";
}

const Jid hag = *Jid::parse("hag@shakespeare.lit");
const Jid coven = *Jid::parse("coven@chat.shakespeare.lit");

} // namespace

TEST_CASE("mentions: a reference names a user or an occupant (XEP-0372 §3.2)")
{
    CHECK(mentioned(reference("xmpp:hag@shakespeare.lit")).has_user(hag));
    CHECK(mentioned(reference("xmpp:HAG@shakespeare.lit")).has_user(hag));
    CHECK(mentioned(reference("xmpp:hag@shakespeare.lit?message#top")).has_user(hag));
    CHECK(mentioned(reference("xmpp:a@b") + reference("xmpp:hag@shakespeare.lit")).has_user(hag));
    CHECK_FALSE(mentioned(reference("xmpp:hags@shakespeare.lit")).has_user(hag));
    CHECK_FALSE(mentioned(reference("xmpp:hag@shakespeare.lit", "data")).has_user(hag));
    CHECK_FALSE(mentioned(reference("hag@shakespeare.lit")).has_user(hag));
    CHECK_FALSE(mentioned(reference("xmpp:hag@@")).has_user(hag));
    CHECK_FALSE(mentioned("").has_user(hag));
    const auto witch = mentioned(reference("xmpp:coven@chat.shakespeare.lit/third%20witch"));
    CHECK(witch.has_occupant(coven, "third witch"));
    CHECK_FALSE(witch.has_occupant(coven, "third"));
    CHECK_FALSE(witch.has_user(hag));
    CHECK(mentioned(reference("xmpp:coven@chat.shakespeare.lit/100%")).has_occupant(coven, "100%"));
    CHECK(mentioned(reference("xmpp:coven@chat.shakespeare.lit/%4")).has_occupant(coven, "%4"));
    CHECK(mentioned(reference("xmpp:coven@chat.shakespeare.lit/%4x")).has_occupant(coven, "%4x"));
    CHECK_FALSE(mentioned(reference("xmpp:coven@chat.shakespeare.lit/%ff")).has_occupant(coven, "\xff"));
}

TEST_CASE("mentions: a reply names the author of the earlier message (XEP-0461 §3)")
{
    const auto reply = [](const std::string& to) {
        return mentioned("<reply xmlns='urn:xmpp:reply:0' id='m1' to='" + to + "'/>");
    };
    CHECK(reply("hag@shakespeare.lit/pda").has_user(hag));
    CHECK(reply("hag@shakespeare.lit").has_user(hag));
    CHECK(reply("coven@chat.shakespeare.lit/thirdwitch").has_occupant(coven, "thirdwitch"));
    CHECK_FALSE(reply("coven@chat.shakespeare.lit/firstwitch").has_occupant(coven, "thirdwitch"));
    CHECK_FALSE(reply("").has_user(hag));
    CHECK_FALSE(mentioned("<reply xmlns='urn:xmpp:reply:0' id='m1'/>").has_user(hag));
}
