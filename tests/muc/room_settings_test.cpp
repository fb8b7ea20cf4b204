// SPDX-License-Identifier: Apache-2.0
#include "muc/room_settings.hpp"

#include <doctest/doctest.h>

#include <algorithm>
#include <string>
#include <vector>

using namespace stonechat;

namespace {

RoomResult<DataForm> submit(const std::vector<RoomSetting>& settings)
{
    const RoomLimits limits;
    return to_submission(settings, room_config_form(RoomConfig(), limits, {}, {}, "coven"), limits);
}

/// What `name` = `values` is refused with, or "taken".
std::string answer(const std::string& name, const std::vector<std::string>& values)
{
    const RoomLimits limits;
    const auto submission = submit({ { name, values } });
    if (!submission) {
        return submission.error().message;
    }
    const auto read = read_room_submission(RoomConfig(), *submission, limits);
    return read ? "taken" : read.error().text();
}

} // namespace

TEST_CASE("room settings: every field of the owner's form has a short name of its own")
{
    const DataForm form = room_config_form(RoomConfig(), RoomLimits(), {}, {}, "coven");
    std::vector<std::string_view> names;
    for (const DataForm::Field& field : form.fields()) {
        if (field.type == DataForm::FieldType::hidden) {
            continue;
        }
        const std::string_view name = short_name(field.var);
        CAPTURE(field.var);
        CHECK(std::find(names.begin(), names.end(), name) == names.end());
        names.push_back(name);
    }
    CHECK(short_name("muc#roomconfig_roomname") == "roomname");
    CHECK(short_name("muc#maxhistoryfetch") == "maxhistoryfetch");
}

TEST_CASE("room settings: a field is found by its whole name and by the end of it")
{
    for (const char* name : { "muc#roomconfig_roomname", "roomname" }) {
        const auto submission = submit({ { name, { "A Dark Cave" } } });
        REQUIRE(bool(submission));
        CHECK(submission->value("muc#roomconfig_roomname") == "A Dark Cave");
    }
}

TEST_CASE(
    "room settings: a name that does not exist is answered with the one that was meant, or all there are")
{
    CHECK(answer("roomnam", { "x" }) == "a room has no field 'roomnam'; did you mean 'roomname'?");
    CHECK(answer("muc#roomconfig_whoiss", { "x" })
        == "a room has no field 'muc#roomconfig_whoiss'; did you mean 'whois'?");
    const std::string all = answer("zzzzzzzzzzzzzzzz", { "x" });
    CHECK(all.find("there are roomname, roomdesc") != std::string::npos);
    CHECK(all.find("roomowners") != std::string::npos);
    CHECK(answer("FORM_TYPE", { "x" }).starts_with("a room has no field"));
}

TEST_CASE("room settings: a value that cannot be is answered with what is allowed")
{
    CHECK(answer("membersonly", { "maybe" }) == "muc#roomconfig_membersonly has to be 1 or 0");
    CHECK(answer("whois", { "me" }) == "muc#roomconfig_whois has to be one of: moderators, anyone");
    CHECK(answer("maxusers", { "-1" })
        == "muc#roomconfig_maxusers has to be a number up to 1000000, or none");
    CHECK(answer("roomname", { std::string(1025, 'x') })
        == "muc#roomconfig_roomname may have 1024 bytes at most");
    CHECK(answer("maxhistoryfetch", { "101" })
        == "muc#maxhistoryfetch has to be a number up to 100 (max_history of [host.muc])");
    CHECK(answer("presencebroadcast", { "moderator", "king" })
        == "muc#roomconfig_presencebroadcast has to be some of: moderator, participant, visitor; 'king' is "
           "none");
    CHECK(answer("roomowners", { "crone@" })
        == "muc#roomconfig_roomowners has to be addresses of users, user@host; 'crone@' is none");
    CHECK(answer("roomname", { "one", "two" }) == "muc#roomconfig_roomname has one value");
    CHECK(answer("roomname", {}) == "muc#roomconfig_roomname has one value");
    CHECK(answer("passwordprotectedroom", { "1" }) == "A password-protected room needs a password");
    const auto twice = submit({ { "whois", { "anyone" } }, { "muc#roomconfig_whois", { "moderators" } } });
    CHECK(twice.error().message == "muc#roomconfig_whois is given twice");
}

TEST_CASE("room settings: what an owner's form takes is taken")
{
    CHECK(answer("membersonly", { "true" }) == "taken");
    CHECK(answer("maxusers", { "77" }) == "taken");
    CHECK(answer("presencebroadcast", { "moderator", "visitor" }) == "taken");
    CHECK(answer("presencebroadcast", {}) == "taken");
    CHECK(answer("roomadmins", { "hag@localhost", "witch@localhost" }) == "taken");
    CHECK(answer("maxhistoryfetch", { "100" }) == "taken");
    CHECK(answer("roomname", { "" }) == "taken");
}
