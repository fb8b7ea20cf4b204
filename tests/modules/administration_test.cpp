// SPDX-License-Identifier: Apache-2.0
#include "house.hpp"

#include <doctest/doctest.h>

using namespace stonechat;
using namespace stonechat::test;

namespace {

using Fields = std::vector<std::pair<std::string, Lines>>;

struct Office : House {
    Office() { admin = comes_online("admin@localhost/desk"); }

    /// Sends a command and waits for its answer: passwords are hashed by another thread.
    Element command(const std::string& node, const std::string& attributes, const std::string& payload = {})
    {
        admin->hears();
        admin->says_in_haste("<iq type='set' id='c' to='localhost'><command xmlns='"
                             "http://jabber.org/protocol/commands' node='http://jabber.org/protocol/admin#"
            + node + "' " + attributes + ">" + payload + "</command></iq>");
        run_until([this] { return admin->is_settled(); });
        run();
        admin->hears();
        for (const Element& stanza : admin->received) {
            if (stanza.attribute_or("id") == "c") {
                return stanza;
            }
        }
        return Element();
    }

    Element form_of(const std::string& node)
    {
        const Element answer = command(node, "action='execute'");
        REQUIRE(answer.attribute_or("type") == "result");
        return *answer.first_child();
    }

    /// Runs a command with its form filled in.
    Element fill_in(const std::string& node, const Fields& fields)
    {
        const std::string session(form_of(node).attribute_or("sessionid"));
        std::string form = "<x xmlns='jabber:x:data' type='submit'><field var='FORM_TYPE' type='hidden'>"
                           "<value>http://jabber.org/protocol/admin</value></field>";
        for (const auto& [var, values] : fields) {
            form += "<field var='" + var + "'>";
            for (const std::string& value : values) {
                form += "<value>" + value + "</value>";
            }
            form += "</field>";
        }
        return command(node, "sessionid='" + session + "'", form + "</x>");
    }

    /// What is noted behind the command, a line for each note, or the error.
    std::string outcome(const std::string& node, const Fields& fields)
    {
        const Element answer = fill_in(node, fields);
        if (answer.child("error") != nullptr) {
            return verdict(answer);
        }
        std::string notes;
        for (const Element* note : answer.first_child()->children("note", ns::commands)) {
            notes += notes.empty() ? "" : "\n";
            notes += std::string(note->attribute_or("type")) + ": " + note->text();
        }
        return notes.empty() ? "no note" : notes;
    }

    bool has_password(std::string_view name, const char* password)
    {
        auto answer = result_of(accounts().check_password(*Jid::from_parts(name, "localhost"), password));
        return answer && *answer;
    }

    ClientPtr admin;
};

/// The fields of a form: "name type" and " required".
Lines fields_of(const Element& command)
{
    Lines lines;
    for (const Element* field : command.child("x", ns::data_forms)->children("field", ns::data_forms)) {
        lines.push_back(std::string(field->attribute_or("var")) + " "
            + std::string(field->attribute_or("type")) + (field->child("required") ? " required" : ""));
    }
    return lines;
}

const std::string form_type = "FORM_TYPE hidden";

} // namespace

TEST_CASE("administration: the forms are those of the specification (XEP-0133 §4)")
{
    Office world;
    CHECK(fields_of(world.form_of("add-user"))
        == Lines { form_type, "accountjid jid-single required", "password text-private required",
            "password-verify text-private required" });
    for (const char* node : { "delete-user", "disable-user", "reenable-user", "end-user-session" }) {
        CHECK(fields_of(world.form_of(node)) == Lines { form_type, "accountjids jid-multi required" });
    }
    CHECK(fields_of(world.form_of("change-user-password"))
        == Lines { form_type, "accountjid jid-single required", "password text-private required" });
    CHECK(fields_of(world.form_of("get-online-users-list")) == Lines { form_type, "max_items list-single" });
    CHECK(fields_of(world.form_of("announce")) == Lines { form_type, "announcement text-multi required" });
}

TEST_CASE("administration: only administrators of the host may (XEP-0133 §3)")
{
    Office world;
    auto romeo = world.comes_online("romeo@localhost/orchard");
    CHECK(House::verdict(House::asks(*romeo, "set",
              "<command xmlns='http://jabber.org/protocol/commands' "
              "node='http://jabber.org/protocol/admin#get-online-users-num'/>",
              "localhost"))
        == "auth forbidden");
}

TEST_CASE("administration: a user is added, once, with a password typed twice (XEP-0133 §4.1)")
{
    Office world;
    CHECK(world.outcome("add-user",
              { { "accountjid", { "benvolio@localhost" } }, { "password", { "p" } },
                  { "password-verify", { "p" } } })
        == "info: The account was added.");
    CHECK(world.has_password("benvolio", "p"));
    CHECK(world.outcome("add-user",
              { { "accountjid", { "benvolio@localhost" } }, { "password", { "q" } },
                  { "password-verify", { "q" } } })
        == "cancel conflict");
    CHECK(world.has_password("benvolio", "p"));
    CHECK(world.outcome("add-user",
              { { "accountjid", { "tybalt@localhost" } }, { "password", { "p" } },
                  { "password-verify", { "q" } } })
        == "modify not-acceptable");
    CHECK(world.outcome("add-user",
              { { "accountjid", { "tybalt@localhost" } }, { "password", { "" } },
                  { "password-verify", { "" } } })
        == "modify not-acceptable");
    for (const char* jid : { "tybalt@elsewhere.example", "localhost", "@", "" }) {
        CHECK(world.outcome("add-user",
                  { { "accountjid", { jid } }, { "password", { "p" } }, { "password-verify", { "p" } } })
            == "modify not-acceptable");
    }
    CHECK(world.outcome("add-user", {}) == "modify not-acceptable");
    CHECK_FALSE(world.has_password("tybalt", "p"));
}

TEST_CASE("administration: deleted users are gone, whoever they were; unknown ones are named (XEP-0133 §4.2)")
{
    Office world;
    world.befriend("romeo", "juliet");
    auto juliet = world.comes_online("juliet@localhost/balcony");
    auto romeo = world.comes_online("romeo@localhost/orchard");
    juliet->hears();
    CHECK(world.outcome("delete-user", { { "accountjids", { "romeo@localhost", "nobody@localhost" } } })
        == "info: Accounts changed: 1\nerror: nobody@localhost: There is no such account");
    CHECK(romeo->ended_with() == "not-authorized");
    CHECK(world.host().find_user("romeo") == nullptr);
    const Lines heard = juliet->hears();
    const auto told = [&heard](const char* line) {
        return std::find(heard.begin(), heard.end(), line) != heard.end();
    };
    CHECK(told("presence unsubscribe from romeo@localhost"));
    CHECK(told("presence unsubscribed from romeo@localhost"));
    CHECK(told("presence unavailable from romeo@localhost/orchard"));
    CHECK_THROWS(world.connects("romeo@localhost/orchard"));
}

// XEP-0133 §4.3-1
TEST_CASE(
    "administration: a disabled user is thrown out and stays out until re-enabled (XEP-0133 §4.3, §4.4)")
{
    Office world;
    auto romeo = world.comes_online("romeo@localhost/orchard");
    CHECK(world.outcome("disable-user", { { "accountjids", { "romeo@localhost/orchard" } } })
        == "info: Accounts changed: 1");
    CHECK(romeo->ended_with() == "not-authorized");
    CHECK_THROWS(world.connects("romeo@localhost/orchard"));
    CHECK(world.outcome("reenable-user", { { "accountjids", { "romeo@localhost" } } })
        == "info: Accounts changed: 1");
    CHECK(world.connects("romeo@localhost/orchard")->is_open());
}

// XEP-0050 §3.6-1
TEST_CASE("administration: what was done to nobody has failed, and says so (XEP-0050 §3.6)")
{
    Office world;
    for (const char* node : { "reenable-user", "disable-user", "delete-user" }) {
        CAPTURE(node);
        CHECK(world.outcome(node, { { "accountjids", { "nobody@localhost", "noone@localhost" } } })
            == "error: nobody@localhost: There is no such account\n"
               "noone@localhost: There is no such account");
    }
    CHECK(world.outcome("end-user-session", { { "accountjids", { "romeo@localhost" } } })
        == "error: Nobody of them is connected");
}

// XEP-0133 §4.5-1
TEST_CASE("administration: a full address ends one session, a bare one all (XEP-0133 §4.5)")
{
    Office world;
    auto orchard = world.comes_online("romeo@localhost/orchard");
    auto garden = world.comes_online("romeo@localhost/garden");
    auto cellar = world.comes_online("romeo@localhost/cellar");
    CHECK(world.outcome("end-user-session", { { "accountjids", { "romeo@localhost/orchard" } } })
        == "info: Sessions ended: 1");
    CHECK_FALSE(orchard->is_open());
    CHECK(garden->is_open());
    CHECK(world.outcome("end-user-session", { { "accountjids", { "romeo@localhost", "juliet@localhost" } } })
        == "info: Sessions ended: 2");
    CHECK_FALSE(garden->is_open());
    CHECK_FALSE(cellar->is_open());
}

TEST_CASE("administration: a new password ends the sessions that the old one has opened (XEP-0133 §4.7)")
{
    Office world;
    auto romeo = world.comes_online("romeo@localhost/orchard");
    CHECK(world.outcome("change-user-password",
              { { "accountjid", { "romeo@localhost" } }, { "password", { "new" } } })
        == "info: The password was changed.");
    CHECK(world.has_password("romeo", "new"));
    CHECK(romeo->ended_with() == "not-authorized");
    CHECK(world.outcome("change-user-password",
              { { "accountjid", { "nobody@localhost" } }, { "password", { "new" } } })
        == "cancel item-not-found");
}

TEST_CASE("administration: who is available counts as online (XEP-0133 §4.15, §4.20)")
{
    Office world;
    auto romeo = world.comes_online("romeo@localhost/orchard");
    auto garden = world.comes_online("romeo@localhost/garden");
    auto juliet = world.connects("juliet@localhost/balcony");
    const Element count = world.command("get-online-users-num", "action='execute'");
    const auto number = DataForm::from_element(*count.first_child()->child("x", ns::data_forms));
    CHECK(number->value("onlineusersnum").value_or("") == "2");
    CHECK(number->form_type() == ns::admin);
    const Element all = world.fill_in("get-online-users-list", { { "max_items", { "none" } } });
    CHECK(DataForm::from_element(*all.first_child()->child("x", ns::data_forms))->values("onlineuserjids")
        == Lines { "admin@localhost", "romeo@localhost" });
    const Element one = world.fill_in("get-online-users-list", { { "max_items", { "1" } } });
    CHECK(DataForm::from_element(*one.first_child()->child("x", ns::data_forms))->values("onlineuserjids")
        == Lines { "admin@localhost" });
}

TEST_CASE("administration: an announcement reaches everybody who is online, and is not kept (XEP-0133 §4.23)")
{
    Office world;
    auto romeo = world.comes_online("romeo@localhost/orchard");
    auto juliet = world.connects("juliet@localhost/balcony");
    CHECK(world.outcome("announce", { { "announcement", { "Fire!", "Run." } } }) == "info: Users told: 2");
    REQUIRE(romeo->hears().size() == 1);
    CHECK(romeo->received.front().attribute_or("type") == "headline");
    CHECK(romeo->received.front().attribute_or("from") == "localhost");
    CHECK(romeo->received.front().child_text("body") == "Fire!\nRun.");
    CHECK(juliet->hears().empty());
    CHECK(world.stored_messages("juliet") == 0);
    CHECK(world.outcome("announce", {}) == "modify not-acceptable");
}
