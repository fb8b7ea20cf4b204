// SPDX-License-Identifier: Apache-2.0
#include "house.hpp"

#include <doctest/doctest.h>

using namespace stonechat;
using namespace stonechat::test;
using namespace std::chrono_literals;

namespace {

const std::string query = "<query xmlns='jabber:iq:last'/>";

/// "SECONDS STATUS", or the error.
std::string last(Client& asker, std::string_view whom)
{
    const Element answer = House::asks(asker, "get", query, whom);
    if (answer.child("error") != nullptr) {
        return House::verdict(answer);
    }
    const std::string status = answer.first_child()->text();
    return std::string(answer.first_child()->attribute_or("seconds")) + (status.empty() ? "" : " " + status);
}

struct Watchers : House {
    Watchers()
    {
        befriend("romeo", "juliet");
        romeo = comes_online("romeo@localhost/orchard");
    }

    ClientPtr romeo;
};

} // namespace

// XEP-0012 §5-1 §2-1
TEST_CASE("last activity: of the server it is the time since its start (XEP-0012 §5)")
{
    Watchers world;
    world.clock.advance(123s);
    CHECK(last(*world.romeo, "localhost") == "123");
}

TEST_CASE(
    "last activity: of an offline contact it is the time since the last session, with its status (XEP-0012 "
    "§4)")
{
    Watchers world;
    auto juliet = world.comes_online("juliet@localhost/balcony");
    CHECK(last(*world.romeo, "juliet@localhost") == "0");
    juliet->says("<presence type='unavailable'><status>Heading home</status></presence>");
    juliet->leaves();
    world.clock.advance(903s);
    CHECK(last(*world.romeo, "juliet@localhost") == "903 Heading home");
    world.host().forget_user("juliet");
    CHECK(last(*world.romeo, "juliet@localhost") == "903 Heading home");
}

// XEP-0012 §3-2
TEST_CASE("last activity: while one resource is there the contact is not gone (XEP-0012 §4)")
{
    Watchers world;
    auto balcony = world.comes_online("juliet@localhost/balcony");
    auto window = world.comes_online("juliet@localhost/window");
    world.clock.advance(60s);
    window->leaves();
    world.clock.advance(60s);
    CHECK(last(*world.romeo, "juliet@localhost") == "0");
    balcony->says("<message to='romeo@localhost' type='chat'><body>still here</body></message>");
    balcony->is_cut_off();
    world.clock.advance(10s);
    CHECK(last(*world.romeo, "juliet@localhost") == "10");
}

TEST_CASE("last activity: a status is cut at a character, and kept only as long as it is of use")
{
    Watchers world;
    auto juliet = world.comes_online("juliet@localhost/balcony");
    std::string status(1023, 'x');
    status += "\xC3\xA9!";
    juliet->says("<presence type='unavailable'><status>" + status + "</status></presence>");
    juliet->leaves();
    CHECK(last(*world.romeo, "juliet@localhost") == "0 " + std::string(1023, 'x'));
}

// XEP-0012 §3-1 §8-1
TEST_CASE(
    "last activity: strangers learn nothing, not even whether there is an account (XEP-0012 §6, HOSTILE "
    "A58)")
{
    Watchers world;
    auto mercutio = world.comes_online("mercutio@localhost/square");
    auto juliet = world.comes_online("juliet@localhost/balcony");
    for (const char* whom : { "juliet@localhost", "romeo@localhost", "nobody@localhost" }) {
        CHECK(last(*mercutio, whom) == "auth forbidden");
    }
    CHECK(last(*mercutio, "mercutio@localhost") == "0");
}

TEST_CASE("last activity: a clock that went back never makes it negative")
{
    Watchers world;
    auto juliet = world.comes_online("juliet@localhost/balcony");
    juliet->leaves();
    world.clock.advance(-100s);
    CHECK(last(*world.romeo, "juliet@localhost") == "0");
}

// When somebody was active ---------------------------------------------------------------------------------

namespace {

const std::string chat = "<message to='romeo@localhost' type='chat'><body>x</body></message>";
const std::string node = "urn:stonechat:last-activity:0#visibility";

/// What is kept of Juliet: "SECONDS STATUS", counted from the beginning of the test.
std::string kept(World& world)
{
    std::string text;
    world.store().keyval().get({ "localhost", "juliet" }, "last_activity", "").then([&text](auto got) {
        text = got->value_or("nothing");
    });
    world.run();
    const std::int64_t start = 1'700'000'000;
    return text == "nothing" ? text : std::to_string(std::stoll(text) - start);
}

std::string show_last_activity_to(Client& client, std::string_view whom)
{
    const Element form = House::asks(client, "set",
        "<command xmlns='http://jabber.org/protocol/commands' node='" + node + "'/>", "localhost");
    const Element* command = form.first_child();
    if (command == nullptr || command->child("x", ns::data_forms) == nullptr) {
        return "no form";
    }
    return House::verdict(House::asks(client, "set",
        "<command xmlns='http://jabber.org/protocol/commands' node='" + node + "' sessionid='"
            + std::string(command->attribute_or("sessionid"))
            + "'><x xmlns='jabber:x:data' type='submit'><field var='FORM_TYPE'><value>" + node
            + "</value></field><field var='visibility'><value>" + std::string(whom)
            + "</value></field></x></command>",
        "localhost"));
}

void becomes_inactive(World& world, Client& client)
{
    const Element inactive("inactive", ns::client_state);
    const auto* handler = world.host().handlers().find_stream_element(inactive);
    REQUIRE(handler != nullptr);
    (*handler)(inactive, Context { world.host(), &client.user(), &client });
}

} // namespace

TEST_CASE("last activity: it is the user's last act, not the end of the session")
{
    Watchers world;
    auto juliet = world.comes_online("juliet@localhost/balcony");
    world.clock.advance(100s);
    juliet->says(chat);
    world.clock.advance(1000s);
    juliet->is_cut_off();
    world.clock.advance(5s);
    CHECK(last(*world.romeo, "juliet@localhost") == "1005");
}

TEST_CASE("last activity: what the app does by itself does not count")
{
    Watchers world;
    auto juliet = world.comes_online("juliet@localhost/balcony");
    juliet->says(chat);
    world.clock.advance(1000s);
    juliet->says(
        "<message to='romeo@localhost' type='chat'><received xmlns='urn:xmpp:receipts' id='1'/></message>");
    juliet->says("<iq type='get' id='p'><ping xmlns='urn:xmpp:ping'/></iq>");
    juliet->leaves();
    CHECK(last(*world.romeo, "juliet@localhost") == "1000");
    // A device that was woken by a push comes, takes its mail and goes.
    auto woken = world.comes_online("juliet@localhost/phone");
    woken->leaves();
    CHECK(last(*world.romeo, "juliet@localhost") == "1000");
}

TEST_CASE("last activity: nothing counts that is sent while nobody looks at the device (XEP-0352)")
{
    Watchers world;
    auto juliet = world.comes_online("juliet@localhost/balcony");
    juliet->says(chat);
    world.clock.advance(1000s);
    becomes_inactive(world, *juliet);
    juliet->says(chat);
    juliet->says("<presence><show>xa</show></presence>");
    juliet->leaves();
    CHECK(last(*world.romeo, "juliet@localhost") == "1000");
}

TEST_CASE("last activity: who goes idle was active until then (XEP-0319)")
{
    Watchers world;
    auto juliet = world.comes_online("juliet@localhost/balcony");
    world.clock.advance(1000s);
    world.romeo->hears();
    juliet->says(
        "<presence><show>away</show><idle xmlns='urn:xmpp:idle:1' since='2023-11-14T22:23:20Z'/></presence>");
    CHECK(world.romeo->hears() == Lines { "presence available from juliet@localhost/balcony" });
    CHECK(world.romeo->received.front().child("idle", ns::idle) != nullptr);
    juliet->leaves();
    CHECK(last(*world.romeo, "juliet@localhost") == "400"); // 600 seconds after the beginning
    auto liar = world.comes_online("juliet@localhost/balcony");
    liar->says("<presence><idle xmlns='urn:xmpp:idle:1' since='2099-01-01T00:00:00Z'/></presence>");
    liar->leaves();
    CHECK(last(*world.romeo, "juliet@localhost") == "0");
}

TEST_CASE("last activity: it is written at the end of a session, and while active once in an interval")
{
    Watchers world;
    world.set("last_activity", "write_interval", std::int64_t(300'000));
    auto juliet = world.comes_online("juliet@localhost/balcony");
    world.clock.advance(1000s);
    juliet->says(chat);
    CHECK(kept(world) == "1000");
    for (int i = 0; i < 5; ++i) {
        world.clock.advance(50s);
        juliet->says(chat);
        CHECK(kept(world) == "1000");
    }
    world.clock.advance(50s);
    juliet->says(chat);
    CHECK(kept(world) == "1300");
    world.clock.advance(50s);
    juliet->says(chat);
    world.clock.advance(50s);
    juliet->leaves();
    CHECK(kept(world) == "1350");
}

TEST_CASE("last activity: an end without anything new is not written")
{
    Watchers world;
    auto juliet = world.comes_online("juliet@localhost/balcony");
    juliet->says(chat);
    juliet->leaves();
    const auto before = world.storage->load().rows_written;
    auto again = world.comes_online("juliet@localhost/balcony");
    again->leaves();
    world.run();
    CHECK(world.storage->load().rows_written == before);
}

TEST_CASE("last activity: who hides it is hidden from contacts as from strangers, and knows it himself")
{
    Watchers world;
    auto juliet = world.comes_online("juliet@localhost/balcony");
    CHECK(show_last_activity_to(*juliet, "somebody") == "modify bad-request");
    CHECK(show_last_activity_to(*juliet, "nobody") == "result");
    CHECK(last(*world.romeo, "juliet@localhost") == "auth forbidden");
    CHECK(last(*world.romeo, "juliet@localhost/balcony") == "auth forbidden");
    CHECK(last(*juliet, "juliet@localhost") == "0");
    juliet->leaves();
    CHECK(last(*world.romeo, "juliet@localhost") == "auth forbidden");
    world.host().forget_user("juliet"); // it is kept
    CHECK(last(*world.romeo, "juliet@localhost") == "auth forbidden");
    auto again = world.comes_online("juliet@localhost/balcony");
    CHECK(show_last_activity_to(*again, "contacts") == "result");
    again->leaves();
    CHECK(last(*world.romeo, "juliet@localhost") == "0");
    CHECK(last(*world.romeo, "romeo@localhost") == "0"); // of nobody else anything has changed
}

TEST_CASE("last activity: who hides it does not show how long he has been idle (XEP-0319)")
{
    Watchers world;
    const std::string idle =
        "<presence><show>away</show><idle xmlns='urn:xmpp:idle:1' since='2023-11-14T22:13:20Z'/>"
        "</presence>";
    auto juliet = world.comes_online("juliet@localhost/balcony");
    juliet->says(idle);
    CHECK(show_last_activity_to(*juliet, "nobody") == "result");
    world.romeo->hears();
    auto other = world.comes_online("romeo@localhost/other"); // its probe is answered from memory
    juliet->says(idle);
    for (Client* client : { world.romeo.get(), other.get() }) {
        client->hears();
        REQUIRE_FALSE(client->received.empty());
        for (const Element& stanza : client->received) {
            CHECK(stanza.child("idle", ns::idle) == nullptr);
        }
    }
    const Stanza& shown = *juliet->presence();
    CHECK(shown.element().child("idle", ns::idle) == nullptr);
    CHECK(shown.element().child_text("show") == "away");
}
