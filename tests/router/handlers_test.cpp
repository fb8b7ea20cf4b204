// SPDX-License-Identifier: Apache-2.0
#include "support/example_module.hpp"

#include <doctest/doctest.h>

#include <stdexcept>

using namespace stonechat;
using namespace stonechat::test;

namespace {

Verdict note(Lines& lines, const std::string& what)
{
    lines.push_back(what);
    return Verdict::pass();
}

IqAnswer says(const char* word)
{
    return Element(word, "urn:example:said");
}

struct Room : World {
    Room() : World({}), on(host()) {}

    const Handlers::IqHandler* find(To to, IqType type, const char* name, const char* ns)
    {
        return on.find_iq(to, type, Element(name, ns));
    }

    Handlers on;
    Lines lines;
};

} // namespace

TEST_CASE("handlers: an iq is matched by addressee, type, namespace and name, `*` behind the name itself")
{
    Room world;
    world.on.iq_get(To::host, "urn:a", "query", [](const Iq&, const Context&) { return says("query"); });
    world.on.iq_get(To::host, "urn:a", "*", [](const Iq&, const Context&) { return says("any"); });
    const auto answer = [&](const char* name) {
        const Stanza iq = Stanza::iq(Jid(), Jid(), IqType::get, "i");
        return (*world.find(To::host, IqType::get, name, "urn:a")->now(Iq(iq), Context { world.host() }))
            ->name();
    };
    CHECK(answer("query") == "query");
    CHECK(answer("other") == "any");
    CHECK(world.find(To::host, IqType::set, "query", "urn:a") == nullptr);
    CHECK(world.find(To::host, IqType::get, "query", "urn:b") == nullptr);
    CHECK(world.find(To::account, IqType::get, "query", "urn:a") == nullptr);
}

TEST_CASE(
    "handlers: what answers for an account answers its owner too, unless there is something for the owner")
{
    Room world;
    world.on.iq_get(To::account, "urn:a", "query", [](const Iq&, const Context&) { return says("all"); });
    CHECK(world.find(To::own_account, IqType::get, "query", "urn:a") != nullptr);
    CHECK(world.find(To::nobody, IqType::get, "query", "urn:a") == nullptr);
    world.on.iq_get(To::own_account, "urn:a", "query", [](const Iq&, const Context&) { return says("own"); });
    CHECK(world.find(To::own_account, IqType::get, "query", "urn:a")
        != world.find(To::account, IqType::get, "query", "urn:a"));
}

TEST_CASE("handlers: stages run in order whatever order they were registered in; within one, the first comes "
          "first")
{
    Room world;
    using enum Stage;
    for (const auto& [stage, name] : { std::pair(fallback, "fallback"), std::pair(deliver, "deliver"),
             std::pair(guard, "guard"), std::pair(copy, "copy"), std::pair(guard, "guard too") }) {
        world.on.message(Flow::to_user, stage,
            [&world, name = name](Message, const Context&) { return note(world.lines, name); });
    }
    world.on.any(Flow::to_user, [&world](Stanza&, const Context&) { return note(world.lines, "any"); });
    Stanza message = Stanza::message(Jid(), Jid());
    const Context context { world.host() };
    CHECK(world.on.run(Flow::to_user, guard, deliver, message, context).is_pass());
    CHECK(world.lines == Lines { "any", "guard", "guard too", "copy", "deliver" });
    world.lines.clear();
    world.on.run(Flow::to_user, fallback, fallback, message, context);
    CHECK(world.lines == Lines { "fallback" });
    world.lines.clear();
    world.on.run(Flow::from_client, guard, fallback, message, context);
    Stanza presence = Stanza::presence(Jid(), Jid());
    world.on.run(Flow::to_user, stamp, fallback, presence, context);
    CHECK(world.lines.empty());
}

TEST_CASE("handlers: whoever is done or bounces is the last to see the stanza")
{
    Room world;
    world.on.presence(Flow::from_client, Stage::stamp, [&world](Presence presence, const Context&) {
        note(world.lines, "first");
        const bool bad = presence.stanza().id() == "bad";
        return bad ? Verdict::bounce(StanzaError(StanzaError::conflict)) : Verdict::done();
    });
    world.on.presence(Flow::from_client, Stage::copy,
        [&world](Presence, const Context&) { return note(world.lines, "second"); });
    Stanza presence = Stanza::presence(Jid(), Jid());
    const Context context { world.host() };
    const Verdict done = world.on.run(Flow::from_client, Stage::guard, Stage::fallback, presence, context);
    CHECK_FALSE(done.is_pass());
    CHECK(done.error() == nullptr);
    presence.element().set_attribute("id", "bad");
    const Verdict bounced = world.on.run(Flow::from_client, Stage::guard, Stage::fallback, presence, context);
    REQUIRE(bounced.error() != nullptr);
    CHECK(bounced.error()->condition() == StanzaError::conflict);
    CHECK(world.lines == Lines { "first", "first" });
}

TEST_CASE("handlers: discovery runs all that was registered for a node, and says whether there was any")
{
    Room world;
    const auto adds = [](const char* name) {
        return [name](const Context&, const Iq&, Element& query) { query.add(name); };
    };
    world.on.disco_info(To::host, "node", adds("one"));
    world.on.disco_info(To::host, "node", adds("two"));
    world.on.disco_items(To::host, "node", adds("three"));
    Element query("query", "urn:q");
    const Stanza iq = Stanza::iq(Jid(), Jid(), IqType::get, "i");
    const Context context { world.host() };
    CHECK(world.on.disco(DiscoKind::info, To::host, "node", context, Iq(iq), query));
    CHECK(query.child_count() == 2);
    CHECK_FALSE(world.on.disco(DiscoKind::info, To::host, "", context, Iq(iq), query));
    CHECK_FALSE(world.on.disco(DiscoKind::info, To::account, "node", context, Iq(iq), query));
    CHECK(query.child_count() == 2);
}

TEST_CASE("handlers: the chain in words names who stands where")
{
    Room world;
    world.on.attaching("guardian");
    world.on.any(Flow::from_client, [](Stanza&, const Context&) { return Verdict::pass(); });
    world.on.attaching("keeper");
    world.on.message(Flow::to_user, Stage::fallback, [](Message, const Context&) { return Verdict::pass(); });
    world.on.iq_set(To::nobody, "urn:a", "query", [](const Iq&, const Context&) { return says("x"); });
    CHECK(world.on.print()
        == "from_client stanza guard: guardian\n"
           "to_user message fallback: keeper\n"
           "iq set to nobody: query urn:a: keeper\n");
}

TEST_CASE("handlers: one thing has one handler; a second one is refused at start")
{
    Room world;
    const auto twice = [&world](auto add) {
        add("urn:a");
        add("urn:b"); // another one is welcome
        world.on.attaching("intruder");
        try {
            add("urn:a");
        } catch (const std::logic_error& refused) {
            return std::string(refused.what()).find("intruder: ") != std::string::npos;
        }
        return false;
    };
    CHECK(twice([&world](const char* ns) {
        world.on.iq_get(To::host, ns, "query", [](const Iq&, const Context&) { return says("x"); });
    }));
    CHECK(twice([&world](const char* ns) {
        world.on.stream_element(ns, "enable", [](const Element&, const Context&) {});
    }));
    CHECK(twice([&world](const char* ns) { world.on.iq_before_login(ns, "query", nullptr); }));
    CHECK(twice([&world](const char* ns) { world.on.session_kept(ns, nullptr, nullptr); }));
    CHECK(twice([&world](const char* node) {
        Command command;
        command.node = node;
        world.on.command(std::move(command));
    }));
}
