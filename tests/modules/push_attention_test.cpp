// SPDX-License-Identifier: Apache-2.0
#include "modules/push_attention.hpp"

#include "xmpp/stream_parser.hpp"

#include <doctest/doctest.h>

#include <string>

using namespace stonechat;

namespace {

using Mention = RoomNotice::Mention;
using Setting = NotificationSetting;

bool wakes_romeo(const std::string& content, Setting setting)
{
    const auto message = parse_element("<message xmlns='jabber:client'>" + content + "</message>");
    REQUIRE(message.has_value());
    return may_wake(*message, setting, *Jid::parse("romeo@montague.lit"));
}

} // namespace

TEST_CASE("push: a setting says which messages in a chat of two wake a device (PB37)")
{
    const std::string words = "<body>romeo</body>";
    const std::string reply = words
        + "<reply xmlns='urn:xmpp:reply:0' to='romeo@montague.lit/phone' id='m'/>";
    const std::string reference = words
        + "<reference xmlns='urn:xmpp:reference:0' type='mention' uri='xmpp:romeo@montague.lit'/>";
    const std::string secret = "<encrypted xmlns='urn:xmpp:omemo:2'><payload>x</payload></encrypted>";
    const std::string call = "<propose xmlns='urn:xmpp:jingle-message:0' id='c'/>";
    CHECK_FALSE(wakes_romeo(words, Setting::on_mention));
    CHECK_FALSE(wakes_romeo(words + "<reply xmlns='urn:xmpp:reply:0' to='juliet@capulet.lit' id='m'/>",
        Setting::on_mention));
    for (const std::string& content : { reply, reference, secret, call }) {
        CHECK(wakes_romeo(content, Setting::on_mention));
        CHECK(wakes_romeo(content, Setting::always));
        CHECK_FALSE(wakes_romeo(content, Setting::never));
    }
    CHECK(wakes_romeo(words, Setting::always));
}

TEST_CASE("push: a setting says which messages in a room wake a device or count (PB37)")
{
    for (const Mention mention : { Mention::no, Mention::unknown, Mention::yes }) {
        CHECK(attention_for(mention, Setting::always) == Attention::wake);
        CHECK(attention_for(mention, Setting::never) == Attention::none);
    }
    CHECK(attention_for(Mention::no, Setting::on_mention) == Attention::none);
    CHECK(attention_for(Mention::unknown, Setting::on_mention) == Attention::count);
    CHECK(attention_for(Mention::yes, Setting::on_mention) == Attention::wake);
}

TEST_CASE("push: a room hears which of its notices are of use")
{
    CHECK(interest_of(Setting::always) == NoticeInterest::all);
    CHECK(interest_of(Setting::on_mention) == NoticeInterest::mentions);
    CHECK(interest_of(Setting::never) == NoticeInterest::none);
}
