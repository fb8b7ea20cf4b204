// SPDX-License-Identifier: Apache-2.0
#include "muc/notice_interests.hpp"

#include <doctest/doctest.h>

#include <string>

using namespace stonechat;

namespace {

using Mention = RoomNotice::Mention;
using Setting = NotificationSetting;

RoomNotice notice_for(const std::string& user, Setting otherwise)
{
    return { *Jid::parse(user), *Jid::parse("coven@conference.localhost/firstwitch"), Mention::no,
        otherwise };
}

} // namespace

TEST_CASE("notices of a room: a user of whom nothing is known gets all")
{
    const NoticeInterests interests;
    CHECK(interests.wants("hag@localhost", Mention::no, Setting::on_mention));
}

TEST_CASE("notices of a room: a user gets what the account has a use for")
{
    NoticeInterests interests;
    interests.set(notice_for("hag@localhost", Setting::on_mention), NoticeInterest::mentions, 2);
    interests.set(notice_for("crone@localhost", Setting::on_mention), NoticeInterest::none, 2);
    CHECK_FALSE(interests.wants("hag@localhost", Mention::no, Setting::on_mention));
    CHECK(interests.wants("hag@localhost", Mention::unknown, Setting::on_mention));
    CHECK(interests.wants("hag@localhost", Mention::yes, Setting::on_mention));
    CHECK_FALSE(interests.wants("crone@localhost", Mention::yes, Setting::on_mention));
    interests.forget("crone@localhost");
    CHECK(interests.wants("crone@localhost", Mention::no, Setting::on_mention));
}

TEST_CASE("notices of a room: an answer is not about another choice of the user or another kind of room")
{
    NoticeInterests interests;
    interests.set(notice_for("hag@localhost", Setting::on_mention), NoticeInterest::mentions, 1);
    CHECK(interests.wants("hag@localhost", Mention::no, Setting::always));
}

TEST_CASE("notices of a room: those who have left are not remembered for ever")
{
    NoticeInterests interests;
    for (int i = 0; i < 1000; ++i) {
        interests.set(notice_for("visitor" + std::to_string(i) + "@localhost", Setting::on_mention),
            NoticeInterest::none, 3);
    }
    CHECK(interests.wants("visitor1@localhost", Mention::no, Setting::on_mention));
    CHECK_FALSE(interests.wants("visitor999@localhost", Mention::no, Setting::on_mention));
}
