// SPDX-License-Identifier: Apache-2.0
#include "muc/room_config.hpp"

#include "xmpp/ns.hpp"

#include <doctest/doctest.h>

#include <string>

using namespace stonechat;

namespace {

DataForm submission(std::initializer_list<std::pair<std::string, std::vector<std::string>>> fields)
{
    DataForm form(DataForm::Type::submit, ns::room_config_form);
    for (const auto& [var, values] : fields) {
        DataForm::Field field;
        field.var = var;
        field.values = values;
        form.add(std::move(field));
    }
    return form;
}

std::string verdict(const Result<RoomSubmission, StanzaError>& read)
{
    return read ? "taken" : std::string(to_text(read.error().condition()));
}

} // namespace

TEST_CASE("room config: the form has every field of XEP-0045 §16.5.3 but that of a node there is none of")
{
    const DataForm form = room_config_form(RoomConfig(), RoomLimits(), {}, {}, "coven");
    for (const char* var : { "muc#maxhistoryfetch", "muc#roomconfig_allowpm", "muc#roomconfig_allowinvites",
             "muc#roomconfig_changesubject", "muc#roomconfig_enablelogging", "muc#roomconfig_getmemberlist",
             "muc#roomconfig_lang", "muc#roomconfig_maxusers", "muc#roomconfig_membersonly",
             "muc#roomconfig_moderatedroom", "muc#roomconfig_passwordprotectedroom",
             "muc#roomconfig_persistentroom", "muc#roomconfig_presencebroadcast", "muc#roomconfig_publicroom",
             "muc#roomconfig_roomadmins", "muc#roomconfig_roomdesc", "muc#roomconfig_roomname",
             "muc#roomconfig_roomowners", "muc#roomconfig_roomsecret", "muc#roomconfig_whois" }) {
        CAPTURE(var);
        CHECK(form.field(var) != nullptr);
    }
    CHECK(form.field("muc#roomconfig_pubsub") == nullptr);
    CHECK(form.form_type() == "http://jabber.org/protocol/muc#roomconfig");
}

TEST_CASE("room config: the form has no field for what is not there, and one that is sent all the same is "
          "passed over")
{
    RoomLimits bare;
    bare.history = 0;
    bare.archive = false;
    const DataForm form = room_config_form(RoomConfig(), bare, {}, {}, "coven");
    for (const char* var :
        { "muc#maxhistoryfetch", "muc#roomconfig_enablelogging", "{urn:stonechat:muc:ticks:0}ticks" }) {
        CAPTURE(var);
        CHECK(form.field(var) == nullptr);
    }
    CHECK(form.field("muc#roomconfig_roomname") != nullptr);
    RoomConfig now;
    now.archived = false;
    const auto read = read_room_submission(now,
        submission({ { "muc#roomconfig_enablelogging", { "1" } }, { "muc#maxhistoryfetch", { "5" } },
            { "{urn:stonechat:muc:ticks:0}ticks", { "1" } } }),
        bare);
    REQUIRE(bool(read));
    CHECK(read->config == now);
}

// XEP-0004 §3.1-1
TEST_CASE("room config: what is absent stays, what is there is taken")
{
    RoomConfig now;
    now.name = "A Dark Cave";
    const auto read = read_room_submission(now,
        submission({ { "muc#roomconfig_moderatedroom", { "1" } }, { "muc#roomconfig_whois", { "anyone" } },
            { "muc#roomconfig_allowpm", { "none" } }, { "muc#roomconfig_presencebroadcast", { "moderator" } },
            { "muc#roomconfig_maxusers", { "50" } }, { "muc#roomconfig_admins_of_tomorrow", { "x" } } }),
        RoomLimits());
    REQUIRE(bool(read));
    CHECK(read->config.name == "A Dark Cave");
    CHECK(read->config.moderated);
    CHECK_FALSE(read->config.is_anonymous());
    CHECK(read->config.private_messages == RoomConfig::PrivateMessages::nobody);
    CHECK(read->config.shown == RoomConfig::Roles { false, false, true });
    CHECK(read->config.max_occupants == 50);
    CHECK_FALSE(read->owners.has_value());
}

TEST_CASE("room config: what cannot be is refused")
{
    const auto read = [](std::string var, std::vector<std::string> values) {
        return verdict(read_room_submission(RoomConfig(), submission({ { var, values } }), RoomLimits()));
    };
    CHECK(read("muc#roomconfig_maxusers", { "201" }) == "not-acceptable");
    CHECK(read("muc#roomconfig_maxusers", { "none" }) == "not-acceptable");
    CHECK(read("muc#roomconfig_maxusers", { "-1" }) == "bad-request");
    CHECK(read("muc#roomconfig_passwordprotectedroom", { "1" }) == "not-acceptable");
    CHECK(read("muc#roomconfig_whois", { "queens" }) == "bad-request");
    CHECK(read("muc#roomconfig_persistentroom", { "maybe" }) == "bad-request");
    CHECK(read("muc#roomconfig_roomname", { std::string(2000, 'x') }) == "not-acceptable");
    CHECK(read("muc#roomconfig_roomowners", { "@" }) == "jid-malformed");
    CHECK(read("muc#maxhistoryfetch", { "many" }) == "bad-request");
}

TEST_CASE("room config: a password comes with its flag, and goes with it")
{
    auto read = read_room_submission(RoomConfig(),
        submission({ { "muc#roomconfig_passwordprotectedroom", { "1" } },
            { "muc#roomconfig_roomsecret", { "cauldronburn" } } }),
        RoomLimits());
    REQUIRE(bool(read));
    CHECK(read->config.password == "cauldronburn");
    const auto without = read_room_submission(read->config,
        submission({ { "muc#roomconfig_passwordprotectedroom", { "0" } } }), RoomLimits());
    REQUIRE(bool(without));
    CHECK(without->config.password.empty());
}

TEST_CASE("room config: what is kept comes back as it was")
{
    RoomConfig config;
    config.name = "A <Dark> & 'Cave'";
    config.description = "ßあ🎭";
    config.password = "cauldronburn";
    config.avatar = "a9993e364706816aba3e25717850c26c9cd0d89d";
    config.persistent = config.listed = config.members_only = config.moderated = config.ticks = true;
    config.members_invite = config.archived = config.registration = false;
    config.whois = RoomConfig::Whois::anyone;
    config.private_messages = RoomConfig::PrivateMessages::participants;
    config.shown = { false, true, true };
    config.member_list = { false, false, true };
    config.max_occupants = 5000;
    config.history = 7;
    CHECK(room_config_from_text(to_text(config)) == config);
    CHECK(room_config_from_text("") == RoomConfig());
    CHECK(room_config_from_text("<nonsense") == RoomConfig());
}

// XEP-0045 §10.2.1-1
TEST_CASE("room config: each change has its code, and 104 stands for the rest (XEP-0045 §10.2.1)")
{
    RoomConfig before;
    RoomConfig after = before;
    CHECK(config_status_codes(before, after).empty());
    after.whois = RoomConfig::Whois::anyone;
    CHECK(config_status_codes(before, after) == std::vector<int> { 172 });
    CHECK(config_status_codes(after, before) == std::vector<int> { 173 });
    after = before;
    after.archived = false;
    CHECK(config_status_codes(before, after) == std::vector<int> { 171 });
    after.name = "Another";
    CHECK(config_status_codes(before, after) == std::vector<int> { 104, 171 });
}
