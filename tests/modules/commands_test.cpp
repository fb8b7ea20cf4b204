// SPDX-License-Identifier: Apache-2.0
#include "modules/commands.hpp"

#include "house.hpp"
#include "modules/disco.hpp"

#include <doctest/doctest.h>

using namespace stonechat;
using namespace stonechat::test;

namespace {

Task<Result<Command::Outcome, StanzaError>> greet(DataForm form, Context)
{
    if (form.value("name").value_or("").empty()) {
        co_return StanzaError(StanzaError::not_acceptable);
    }
    Command::Outcome outcome;
    outcome.note = "Hello " + std::string(*form.value("name"));
    co_return outcome;
}

Task<Result<Command::Outcome, StanzaError>> fail(DataForm, Context)
{
    Command::Outcome outcome;
    outcome.note = "It rains";
    outcome.failure = "And it is cold";
    outcome.result = DataForm(DataForm::Type::result, "urn:example:weather");
    co_return outcome;
}

/// Commands for everybody and for administrators, with a form and without.
class Examples final : public Module {
public:
    Manifest describe() const override { return Manifest("examples", "Commands to try out."); }

    void attach(Handlers& on) override
    {
        Command with_form { "greet", "Greet", Command::For::local_users, DataForm(DataForm::Type::form),
            greet };
        with_form.form->add("name", DataForm::FieldType::text_single, "");
        on.command(std::move(with_form));
        on.command({ "weather", "Weather", Command::For::local_users, std::nullopt, fail });
        on.command({ "secret", "Secret", Command::For::admins, std::nullopt, fail });
    }
};

std::unique_ptr<Module> make_examples()
{
    return std::make_unique<Examples>();
}

struct Service : World {
    Service() : World({ { make_disco, true }, { make_examples, true }, { make_commands, true } })
    {
        account("romeo");
        account("admin");
        romeo = connects("romeo@localhost/orchard");
        admin = connects("admin@localhost/desk");
    }

    ClientPtr romeo, admin;
};

Element execute(Client& client, const std::string& attributes, const std::string& payload = {})
{
    return House::asks(client, "set",
        "<command xmlns='http://jabber.org/protocol/commands' " + attributes + ">" + payload + "</command>",
        "localhost");
}

std::string verdict(Client& client, const std::string& attributes, const std::string& payload = {})
{
    return House::verdict(execute(client, attributes, payload));
}

/// Asks for the form of `greet`; attributes that go on with it.
std::string begin(Client& client)
{
    const Element answer = execute(client, "node='greet'");
    return "node='greet' sessionid='" + std::string(answer.first_child()->attribute_or("sessionid")) + "'";
}

const std::string filled_in = "<x xmlns='jabber:x:data' type='submit'><field var='name'><value>you</value>"
                              "</field></x>";

Lines nodes_for(Client& client)
{
    const Element answer = House::asks(client, "get",
        "<query xmlns='http://jabber.org/protocol/disco#items' node='http://jabber.org/protocol/commands'/>",
        "localhost");
    Lines nodes;
    for (const Element* item : answer.first_child()->children()) {
        nodes.emplace_back(item->attribute_or("node"));
    }
    return nodes;
}

} // namespace

// XEP-0050 §2.2-2
TEST_CASE("commands: everybody is told of the commands they may run and of no others (XEP-0050 §2.2)")
{
    Service world;
    CHECK(nodes_for(*world.romeo) == Lines { "greet", "weather" });
    CHECK(nodes_for(*world.admin) == Lines { "greet", "weather", "secret" });
}

// XEP-0050 §2.2-1
TEST_CASE("commands: a node says of itself that it is a command (XEP-0050 §2.3)")
{
    Service world;
    const Element answer = House::asks(*world.romeo, "get",
        "<query xmlns='http://jabber.org/protocol/disco#info' node='greet'/>", "localhost");
    const Element& query = *answer.first_child();
    CHECK(query.attribute_or("node") == "greet");
    CHECK(query.child("identity")->attribute_or("type") == "command-node");
    CHECK(query.child("identity")->attribute_or("name") == "Greet");
    CHECK(query.children("feature", ns::disco_info).size() == 2);
}

// XEP-0050 §3.4-1
TEST_CASE("commands: a form is handed out, filled in and answered (XEP-0050 §2.4.2)")
{
    Service world;
    const Element handed_out = *execute(*world.romeo, "node='greet' action='execute'").first_child();
    CHECK(handed_out.attribute_or("status") == "executing");
    CHECK(handed_out.attribute_or("node") == "greet");
    CHECK(handed_out.child("actions")->attribute_or("execute") == "complete");
    CHECK(handed_out.child("actions")->child("complete") != nullptr);
    CHECK(handed_out.child("actions")->child_count() == 1);
    CHECK(handed_out.child("x", ns::data_forms)->attribute_or("type") == "form");
    for (const char* action : { "", " action='execute'", " action='complete'" }) {
        const Element done = *execute(*world.romeo, begin(*world.romeo) + action, filled_in).first_child();
        CHECK(done.attribute_or("status") == "completed");
        CHECK(done.child_text("note") == "Hello you");
        CHECK(done.child("note")->attribute_or("type") == "info");
    }
}

TEST_CASE("commands: one without a form is carried out at once, and says what failed (XEP-0050 §2.4.1, §3.6)")
{
    Service world;
    const Element done = *execute(*world.romeo, "node='weather'").first_child();
    CHECK(done.attribute_or("status") == "completed");
    CHECK_FALSE(done.attribute_or("sessionid").empty());
    const auto notes = done.children("note", ns::commands);
    REQUIRE(notes.size() == 2);
    CHECK(notes.front()->attribute_or("type") == "info");
    CHECK(notes.front()->text() == "It rains");
    CHECK(notes.back()->attribute_or("type") == "error"); // what completes but fails says so (§3.6)
    CHECK(notes.back()->text() == "And it is cold");
    CHECK(done.child("x", ns::data_forms)->attribute_or("type") == "result");
}

// XEP-0050 §2.4.3-1
TEST_CASE("commands: a form can be given up, by action or by form (XEP-0050 §2.4.4)")
{
    Service world;
    const std::string by_action = begin(*world.romeo);
    CHECK(execute(*world.romeo, by_action + " action='cancel'").first_child()->attribute_or("status")
        == "canceled");
    CHECK(verdict(*world.romeo, by_action, filled_in) == "modify bad-request bad-sessionid");
    const std::string by_form = begin(*world.romeo);
    CHECK(execute(*world.romeo, by_form, "<x xmlns='jabber:x:data' type='cancel'/>")
              .first_child()
              ->attribute_or("status")
        == "canceled");
    CHECK(verdict(*world.romeo, by_form, filled_in) == "modify bad-request bad-sessionid");
}

// XEP-0050 §4.5-1
TEST_CASE("commands: actions that are not offered are bad, those that nobody knows malformed (XEP-0050 §4.5)")
{
    Service world;
    for (const char* action : { "cancel", "complete", "next", "prev" }) {
        CHECK(verdict(*world.romeo, "node='greet' action='" + std::string(action) + "'")
            == "modify bad-request bad-action");
    }
    CHECK(verdict(*world.romeo, "node='greet' action='dance'") == "modify bad-request malformed-action");
    const std::string session = begin(*world.romeo);
    CHECK(verdict(*world.romeo, session + " action='prev'", filled_in) == "modify bad-request bad-action");
    CHECK(verdict(*world.romeo, session + " action='next'", filled_in) == "modify bad-request bad-action");
    CHECK(verdict(*world.romeo, session + " action=''", filled_in) == "modify bad-request malformed-action");
    CHECK(verdict(*world.romeo, session, filled_in) == "result"); // it is still open
}

// XEP-0050 §4.5-1
TEST_CASE("commands: what is no filled-in form is a bad payload, and may be sent again (XEP-0050 §4.5)")
{
    Service world;
    const std::string session = begin(*world.romeo);
    CHECK(verdict(*world.romeo, session) == "modify bad-request bad-payload");
    CHECK(verdict(*world.romeo, session, "<x xmlns='jabber:x:data' type='dance'/>")
        == "modify bad-request bad-payload");
    CHECK(verdict(*world.romeo, session, "<x xmlns='jabber:x:data' type='form'/>")
        == "modify bad-request bad-payload");
    CHECK(verdict(*world.romeo, session, filled_in) == "result");
}

// XEP-0050 §3.3-1
TEST_CASE("commands: a form is filled in once, by whom it was handed to, for its own command (XEP-0050 §4.5)")
{
    Service world;
    const std::string session = begin(*world.romeo);
    const auto id = session.substr(session.find("sessionid"));
    auto garden = world.connects("romeo@localhost/garden");
    CHECK(verdict(*garden, session, filled_in) == "modify bad-request bad-sessionid");
    CHECK(verdict(*world.admin, session + " action='cancel'") == "modify bad-request bad-sessionid");
    CHECK(verdict(*world.romeo, "node='weather' " + id, filled_in) == "modify bad-request bad-sessionid");
    CHECK(verdict(*world.romeo, session, filled_in) == "result");
    CHECK(verdict(*world.romeo, session, filled_in) == "modify bad-request bad-sessionid");
    CHECK(verdict(*world.romeo, "node='greet' sessionid='guessed'", filled_in)
        == "modify bad-request bad-sessionid");
}

// XEP-0050 §2.2-2 §4.5-1
TEST_CASE("commands: forbidden to those who may not, not found where there is none (XEP-0050 §4.5)")
{
    Service world;
    CHECK(verdict(*world.romeo, "node='secret'") == "auth forbidden");
    CHECK(verdict(*world.admin, "node='secret'") == "result");
    CHECK(verdict(*world.romeo, "node='nothing'") == "cancel item-not-found");
    CHECK(verdict(*world.romeo, "action='execute'") == "cancel item-not-found");
}

TEST_CASE("commands: what the command refuses is the answer")
{
    Service world;
    CHECK(verdict(*world.romeo, begin(*world.romeo), "<x xmlns='jabber:x:data' type='submit'/>")
        == "modify not-acceptable");
}

TEST_CASE("commands: forms that nobody fills in are forgotten, the oldest first")
{
    Service world;
    const std::string first = begin(*world.romeo);
    const std::string second = begin(*world.romeo);
    for (int i = 0; i < 999; ++i) {
        begin(*world.admin);
    }
    CHECK(verdict(*world.romeo, first, filled_in) == "modify bad-request bad-sessionid");
    CHECK(verdict(*world.romeo, second, filled_in) == "result");
}
