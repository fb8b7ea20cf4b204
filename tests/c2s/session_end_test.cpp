// SPDX-License-Identifier: Apache-2.0
// What becomes of messages that a session with stream management (XEP-0198) leaves behind at its end.
#include "gateway.hpp"
#include "support/example_module.hpp"

#include "router/delivery_plan.hpp"
#include "router/message_log.hpp"

#include <doctest/doctest.h>

#include <algorithm>

using namespace stonechat;
using namespace stonechat::test;

namespace {

/// Romeo has two devices, of which messages to him reach both.
struct TwoDevices : Gateway {
    TwoDevices() : Gateway(example_module([this](Handlers& on) { attach(on); }))
    {
        account("juliet", "secret");
    }

    void attach(Handlers& on)
    {
        on.presence(Flow::from_client, Stage::deliver, [](Presence presence, const Context& context) {
            context.session->set_available(std::make_shared<const Stanza>(presence.stanza()), 0);
            return Verdict::done();
        });
        on.message(Flow::to_user, Stage::fallback, [](Message, const Context& context) {
            context.plan->put_into_mailbox(MailboxLimits());
            return Verdict::pass();
        });
        on.mailbox_grown([this](const Context& context) { grown.push_back(context.user->jid().text()); });
    }

    Line available(const std::string& resource)
    {
        Line line = connection();
        line.arrives("romeo", resource);
        line.enables();
        line.types("<presence/>");
        line.hears();
        return line;
    }

    void write(const std::string& id, const std::string& to = "romeo@localhost")
    {
        auto message = Stanza::from_element(parse_stanza("<message from='juliet@localhost/balcony' to='" + to
            + "' id='" + id + "'><body>" + id + "</body></message>"));
        router().route(std::move(*message));
    }

    Session* session(std::string_view resource) { return host().find_user("romeo")->session(resource); }
    void end(std::string_view resource) { session(resource)->close(StreamError(StreamError::conflict)); }

    /// The bodies of what waits for romeo.
    std::string mail()
    {
        std::string all;
        for (const auto& each : *result_of(store().mailbox().read({ "localhost", "romeo" }, 0, 10))) {
            const auto message = parse_element(each.xml);
            all += message->child_text("body") + " ";
        }
        return all;
    }

    Lines grown;
};

std::string ack(int h)
{
    return "<a xmlns='urn:xmpp:sm:3' h='" + std::to_string(h) + "'/>";
}

} // namespace

// XEP-0198 §4-3
TEST_CASE("session end: what the client has not acknowledged waits, and modules hear when it is there")
{
    TwoDevices world;
    Line orchard = world.available("orchard");
    world.write("one", "romeo@localhost/orchard");
    world.write("two", "romeo@localhost/orchard");
    world.run();
    orchard.types(ack(1));
    orchard.breaks();
    CHECK(world.grown.empty());
    world.end("orchard");
    CHECK(world.grown.empty()); // not committed yet
    world.run();
    CHECK(world.grown == Lines { "romeo@localhost" });
    CHECK(world.mail() == "two ");
}

TEST_CASE("session end: what another device has acknowledged does not come again")
{
    TwoDevices world;
    Line orchard = world.available("orchard");
    Line garden = world.available("garden");
    for (const char* const id : { "one", "two", "three" }) {
        world.write(id);
    }
    world.run();
    garden.types(ack(2));
    orchard.breaks();
    world.end("orchard");
    world.run();
    CHECK(world.mail() == "three "); // garden may never have got it
    garden.types(ack(3));
    world.end("garden");
    world.run();
    CHECK(world.mail() == "three ");
}

TEST_CASE("session end: who ends between the place and the commit leaves the message in the mailbox, once")
{
    TwoDevices world;
    Line orchard = world.available("orchard");
    world.write("one");
    world.end("orchard");
    world.write("two"); // it is still in the list of sessions
    world.run();
    CHECK(world.mail() == "one two ");
    CHECK(orchard.hears().find("<body>") == std::string::npos);
}

TEST_CASE("session end: the administrator sees who has acknowledged a message")
{
    TwoDevices world;
    Line orchard = world.available("orchard");
    Line garden = world.available("garden");
    world.write("one");
    world.write("two");
    world.run();
    orchard.types(ack(1));
    const auto steps = [&world](std::string_view id) {
        const auto notes = world.router().tracks().find(MessageLog::key_of(id));
        return std::count_if(notes.begin(), notes.end(),
            [](const auto& note) { return note.text == "acknowledged by orchard"; });
    };
    CHECK(steps("one") == 1);
    CHECK(steps("two") == 0);
}
