// SPDX-License-Identifier: Apache-2.0
#include "rfc6121_world.hpp"

#include <doctest/doctest.h>

using namespace stonechat;
using namespace stonechat::test;

namespace {

struct Friends : Verona {
    Friends() { befriend("romeo", "juliet"); }
};

} // namespace

TEST_CASE("presence: initial presence goes to subscribers and own resources, and finds out who is there (RFC "
          "6121 §4.2.2)")
{
    Friends world;
    auto juliet = world.comes_online("juliet@localhost/balcony");
    auto garden = world.comes_online("romeo@localhost/garden");
    auto unavailable = world.connects("romeo@localhost/cellar");
    auto mercutio = world.comes_online("mercutio@localhost/square");
    juliet->hears();
    auto orchard = world.connects("romeo@localhost/orchard");
    orchard->says("<presence><show>chat</show></presence>");
    CHECK(orchard->hears()
        == Lines { "presence available from romeo@localhost/orchard",
            "presence available from romeo@localhost/garden",
            "presence available from juliet@localhost/balcony" });
    CHECK(garden->hears() == Lines { "presence available from romeo@localhost/orchard" });
    CHECK(juliet->hears() == Lines { "presence available from romeo@localhost/orchard" });
    CHECK(juliet->received.front().child_text("show") == "chat");
    CHECK(unavailable->hears().empty());
    CHECK(mercutio->hears().empty());
}

TEST_CASE("presence: one that is too long reaches nobody, whatever kind it is, and its sender hears why")
{
    Friends world;
    auto juliet = world.comes_online("juliet@localhost/balcony");
    auto romeo = world.comes_online("romeo@localhost/orchard");
    juliet->hears();
    const std::string status = "<status>" + std::string(8 * 1024, 's') + "</status></presence>";
    for (const char* const kind :
        { "", " to='juliet@localhost'", " to='juliet@localhost' type='subscribe'" }) {
        romeo->says("<presence id='long'" + std::string(kind) + ">" + status);
        CHECK(romeo->hears() == Lines { "error not-acceptable long" });
        CHECK(juliet->hears().empty());
    }
    romeo->says("<presence><status>" + std::string(8000, 's') + "</status></presence>");
    CHECK(juliet->hears() == Lines { "presence available from romeo@localhost/orchard" });
}

TEST_CASE("presence: a farewell that is too long is taken without its words, to everybody or to one")
{
    Friends world;
    auto mercutio = world.comes_online("mercutio@localhost/square");
    auto juliet = world.comes_online("juliet@localhost/balcony");
    auto romeo = world.comes_online("romeo@localhost/orchard");
    romeo->says("<presence to='mercutio@localhost/square'/>");
    juliet->hears();
    mercutio->hears();
    romeo->hears();
    const std::string status = "><status>" + std::string(8 * 1024, 's') + "</status></presence>";
    romeo->says("<presence type='unavailable' to='mercutio@localhost/square' id='one'" + status);
    CHECK(mercutio->hears() == Lines { "presence unavailable from romeo@localhost/orchard" });
    CHECK(mercutio->received.front().nodes().empty());
    romeo->says("<presence type='unavailable' id='all'" + status);
    CHECK(romeo->hears() == Lines { "presence unavailable from romeo@localhost/orchard" });
    CHECK(juliet->hears() == Lines { "presence unavailable from romeo@localhost/orchard" });
    CHECK(juliet->received.front().nodes().empty());
    CHECK(mercutio->hears().empty());
}

TEST_CASE("presence: a one-sided subscription shows presence to the subscriber alone (RFC 6121 §4.2.2)")
{
    Verona world;
    auto romeo = world.comes_online("romeo@localhost/orchard");
    auto juliet = world.comes_online("juliet@localhost/balcony");
    world.subscribe(*romeo, *juliet);
    romeo->hears();
    juliet->hears();
    romeo->says("<presence><show>away</show></presence>");
    CHECK(juliet->hears().empty());
    juliet->says("<presence><show>away</show></presence>");
    CHECK(romeo->hears().back() == "presence available from juliet@localhost/balcony");
}

// RFC 6121 §4.4.2-1
TEST_CASE("presence: later presence is broadcast as it is and probes nobody (RFC 6121 §4.4)")
{
    Friends world;
    auto juliet = world.comes_online("juliet@localhost/balcony");
    auto romeo = world.comes_online("romeo@localhost/orchard");
    juliet->hears();
    romeo->says("<presence><show>dnd</show><status>busy</status><x xmlns='urn:example:x'/></presence>");
    CHECK(romeo->hears() == Lines { "presence available from romeo@localhost/orchard" });
    CHECK(juliet->hears() == Lines { "presence available from romeo@localhost/orchard" });
    CHECK(juliet->received.front().child_text("status") == "busy");
    CHECK(juliet->received.front().child("x", "urn:example:x") != nullptr);
}

// RFC 6121 §4.5.2-2 §4.5.2-3
TEST_CASE("presence: unavailable is broadcast with its status, and ends it (RFC 6121 §4.5.2)")
{
    Friends world;
    auto juliet = world.comes_online("juliet@localhost/balcony");
    auto garden = world.comes_online("romeo@localhost/garden");
    auto romeo = world.comes_online("romeo@localhost/orchard");
    juliet->hears();
    garden->hears();
    romeo->says("<presence type='unavailable'><status>bye</status></presence>");
    CHECK(juliet->hears() == Lines { "presence unavailable from romeo@localhost/orchard" });
    CHECK(juliet->received.front().child_text("status") == "bye");
    CHECK(garden->hears() == Lines { "presence unavailable from romeo@localhost/orchard" });
    CHECK(romeo->hears() == Lines { "presence unavailable from romeo@localhost/orchard" });
    juliet->says("<presence><show>xa</show></presence>");
    CHECK(romeo->hears().empty());
    CHECK(garden->hears() == Lines { "presence available from juliet@localhost/balcony" });
    romeo->leaves();
    CHECK(juliet->hears() == Lines { "presence available from juliet@localhost/balcony" });
}

// RFC 6121 §4.5.2-1
TEST_CASE("presence: however a session ends, who saw it is told once (RFC 6121 §4.5.2)")
{
    for (const bool in_good_order : { true, false }) {
        Friends world;
        auto juliet = world.comes_online("juliet@localhost/balcony");
        auto mercutio = world.comes_online("mercutio@localhost/square");
        auto romeo = world.comes_online("romeo@localhost/orchard");
        juliet->hears();
        in_good_order ? romeo->leaves() : romeo->is_cut_off();
        CHECK(juliet->hears() == Lines { "presence unavailable from romeo@localhost/orchard" });
        CHECK(mercutio->hears().empty());
    }
}

TEST_CASE("presence: a session that was never available ends unnoticed")
{
    Friends world;
    auto juliet = world.comes_online("juliet@localhost/balcony");
    auto romeo = world.connects("romeo@localhost/orchard");
    romeo->leaves();
    CHECK(juliet->hears().empty());
}

TEST_CASE("presence: directed presence reaches a stranger, and so does the end (RFC 6121 §4.6)")
{
    Verona world;
    auto romeo = world.comes_online("romeo@localhost/orchard");
    auto juliet = world.comes_online("juliet@localhost/balcony");
    auto mercutio = world.comes_online("mercutio@localhost/square");
    romeo->says("<presence to='juliet@localhost/balcony'><status>psst</status></presence>");
    CHECK(juliet->hears() == Lines { "presence available from romeo@localhost/orchard" });
    romeo->says("<presence><show>away</show></presence>");
    CHECK(juliet->hears().empty());
    romeo->is_cut_off();
    CHECK(juliet->hears() == Lines { "presence unavailable from romeo@localhost/orchard" });
    CHECK(mercutio->hears().empty());
}

// RFC 6121 §4.6.3-3
TEST_CASE("presence: directed presence without any broadcast ends with the session too")
{
    Friends world;
    auto juliet = world.comes_online("juliet@localhost/balcony");
    auto romeo = world.connects("romeo@localhost/orchard");
    romeo->says("<presence to='juliet@localhost'/>");
    CHECK(juliet->hears() == Lines { "presence available from romeo@localhost/orchard" });
    romeo->leaves();
    CHECK(juliet->hears() == Lines { "presence unavailable from romeo@localhost/orchard" });
}

TEST_CASE("presence: who sees the broadcast and had directed presence hears of the end once")
{
    Friends world;
    auto juliet = world.comes_online("juliet@localhost/balcony");
    auto romeo = world.comes_online("romeo@localhost/orchard");
    romeo->says("<presence to='juliet@localhost/balcony'/>");
    juliet->hears();
    romeo->says("<presence type='unavailable'/>");
    CHECK(juliet->hears() == Lines { "presence unavailable from romeo@localhost/orchard" });
}

// RFC 6121 §4.6.1-1
TEST_CASE("presence: directed presence that was taken back is not repeated at the end (RFC 6121 §4.6.3)")
{
    Verona world;
    auto romeo = world.comes_online("romeo@localhost/orchard");
    auto juliet = world.comes_online("juliet@localhost/balcony");
    romeo->says("<presence to='juliet@localhost/balcony'/>");
    romeo->says("<presence to='juliet@localhost/balcony' type='unavailable'/>");
    CHECK(juliet->hears().size() == 2);
    romeo->leaves();
    CHECK(juliet->hears().empty());
}

TEST_CASE("presence: directed presence is bounded, repeating it is not")
{
    Verona world;
    world.set("presence", "max_directed", std::int64_t(2));
    auto romeo = world.comes_online("romeo@localhost/orchard");
    auto juliet = world.comes_online("juliet@localhost/balcony");
    for (const char* id : { "1", "2", "1" }) {
        romeo->says("<presence to='juliet@localhost/r" + std::string(id) + "'/>");
    }
    CHECK(romeo->hears().empty());
    romeo->says("<presence id='3' to='juliet@localhost/balcony'/>");
    CHECK(romeo->hears() == Lines { "error resource-constraint 3" });
    CHECK(juliet->hears().empty());
}

// RFC 6121 §4.7.2.3-1
TEST_CASE("presence: a priority is a number from -128 to 127 (RFC 6121 §4.7.2.3)")
{
    Friends world;
    auto juliet = world.comes_online("juliet@localhost/balcony");
    auto romeo = world.comes_online("romeo@localhost/orchard");
    juliet->hears();
    for (const char* bad : { "128", "-129", "", "x", "1.5", "9999999999999" }) {
        CAPTURE(bad);
        romeo->says("<presence id='p'><priority>" + std::string(bad) + "</priority></presence>");
        CHECK(romeo->hears() == Lines { "error bad-request p" });
        CHECK(juliet->hears().empty());
    }
    for (const char* good : { "127", "-128", "+5", " 7 " }) {
        CAPTURE(good);
        romeo->says("<presence id='p'><priority>" + std::string(good) + "</priority></presence>");
        CHECK(juliet->hears().size() == 1);
    }
    CHECK(romeo->priority() == 7);
}

// RFC 6121 §4.3.2-2 §4.3.2-3
TEST_CASE(
    "presence: a probe of a subscriber is answered with each resource's last presence (RFC 6121 §4.3.2)")
{
    Friends world;
    auto balcony = world.comes_online("juliet@localhost/balcony");
    auto chamber = world.comes_online("juliet@localhost/chamber");
    auto romeo = world.comes_online("romeo@localhost/orchard");
    balcony->says("<presence><show>xa</show></presence>");
    romeo->hears();
    balcony->hears();
    chamber->hears();
    romeo->says("<presence type='probe' to='juliet@localhost'/>");
    CHECK(romeo->hears()
        == Lines { "presence available from juliet@localhost/balcony",
            "presence available from juliet@localhost/chamber" });
    CHECK(romeo->received.front().child_text("show") == "xa");
    CHECK(balcony->hears().empty());
    balcony->leaves();
    chamber->leaves();
    romeo->hears();
    romeo->says("<presence type='probe' id='p' to='juliet@localhost'/>");
    CHECK(romeo->hears() == Lines { "presence unavailable from juliet@localhost" });
    CHECK(romeo->received.front().attribute_or("id") == "p");
}

// RFC 6121 §4.3.2-4 §4.3.2.1-1 §4.3.2.1-2
TEST_CASE("presence: a probe of a full address is answered for that one only (RFC 6121 §4.3.2)")
{
    Friends world;
    auto balcony = world.comes_online("juliet@localhost/balcony");
    auto chamber = world.comes_online("juliet@localhost/chamber");
    auto romeo = world.comes_online("romeo@localhost/orchard");
    balcony->says("<presence id='own'/>");
    romeo->hears();
    romeo->says("<presence type='probe' id='p' to='juliet@localhost/balcony'/>");
    CHECK(romeo->hears() == Lines { "presence available from juliet@localhost/balcony" });
    CHECK(romeo->received.front().attribute_or("id") == "own");
    romeo->says("<presence type='probe' id='p' to='juliet@localhost/gone'/>");
    CHECK(romeo->hears() == Lines { "presence unavailable from juliet@localhost/gone" });
    CHECK(romeo->received.front().attribute_or("id") == "p");
}

// RFC 6121 §4.6.6-2
TEST_CASE("presence: a stranger to whom one has shown oneself may probe, and learns that one is there")
{
    Verona world;
    auto romeo = world.comes_online("romeo@localhost/orchard");
    auto balcony = world.comes_online("juliet@localhost/balcony");
    auto chamber = world.comes_online("juliet@localhost/chamber");
    balcony->says("<presence to='romeo@localhost'><show>xa</show></presence>");
    romeo->hears();
    for (const char* whom : { "juliet@localhost", "juliet@localhost/balcony" }) {
        CAPTURE(whom);
        romeo->says("<presence type='probe' to='" + std::string(whom) + "'/>");
        CHECK(romeo->hears() == Lines { "presence available from juliet@localhost/balcony" });
        CHECK(romeo->received.front().child_count() == 0);
    }
    romeo->says("<presence type='probe' to='juliet@localhost/chamber'/>");
    CHECK(romeo->hears() == Lines { "presence unsubscribed from juliet@localhost" });
    balcony->says("<presence to='romeo@localhost' type='unavailable'/>");
    romeo->hears();
    romeo->says("<presence type='probe' to='juliet@localhost'/>");
    CHECK(romeo->hears() == Lines { "presence unsubscribed from juliet@localhost" });
}

// RFC 6121 §11-1 §4.3-1 §4.3.2-1 §4.3.2.1-2
TEST_CASE("presence: a stranger's probe is answered in the same way, whoever it is for (RFC 6121 §4.3.2, "
          "§8.5.1, A58)")
{
    Verona world;
    auto romeo = world.comes_online("romeo@localhost/orchard");
    auto other = world.comes_online("romeo@localhost/other");
    romeo->hears();
    auto juliet = world.comes_online("juliet@localhost/balcony");
    for (const char* whom :
        { "juliet@localhost", "mercutio@localhost", "juliet@localhost/balcony", "nobody@localhost" }) {
        CAPTURE(whom);
        romeo->says("<presence type='probe' id='p' to='" + std::string(whom) + "'/>");
        CHECK(romeo->hears() == Lines { "presence unsubscribed from " + Jid::parse(whom)->bare().text() });
        CHECK(romeo->received.front().attribute_or("id") == "p");
    }
    CHECK(juliet->hears().empty());
    CHECK(other->hears().empty()); // it has not asked
    CHECK(world.stored_roster("romeo").items.empty());
}

TEST_CASE(
    "presence: that there is no subscription, which nobody has asked for, is not shown (RFC 6121 §3.2.3)")
{
    Verona world;
    auto romeo = world.comes_online("romeo@localhost/orchard");
    auto juliet = world.comes_online("juliet@localhost/balcony");
    juliet->says("<presence type='unsubscribed' to='romeo@localhost/orchard'/>");
    juliet->says("<presence type='unsubscribed' to='romeo@localhost'/>");
    CHECK(romeo->hears().empty());
}

TEST_CASE("presence: a roster that has fallen out of step is repaired by the probe")
{
    Friends world;
    auto juliet = world.comes_online("juliet@localhost/balcony");
    RosterRecord record = juliet->user().roster().find_or_new(*Jid::parse("romeo@localhost"));
    record.subscription = SubscriptionState::none;
    juliet->user().roster().put(record);
    auto romeo = world.connects("romeo@localhost/orchard");
    romeo->says("<iq type='get' id='r'><query xmlns='jabber:iq:roster'/></iq>");
    romeo->hears();
    romeo->says("<presence/>");
    CHECK(romeo->hears()
        == Lines { "presence available from romeo@localhost/orchard",
            "presence unsubscribed from juliet@localhost", "push juliet@localhost from" });
}

TEST_CASE("presence: without an address only available and unavailable make sense (RFC 6121 §4.7.1)")
{
    Friends world;
    auto juliet = world.comes_online("juliet@localhost/balcony");
    auto romeo = world.comes_online("romeo@localhost/orchard");
    juliet->hears();
    romeo->says("<presence type='probe' id='p'/>");
    CHECK(romeo->hears() == Lines { "error bad-request p" });
    romeo->says("<presence type='error' id='e'><error type='cancel'><gone "
                "xmlns='urn:ietf:params:xml:ns:xmpp-stanzas'/></error></presence>");
    CHECK(romeo->hears().empty());
    CHECK(juliet->hears().empty());
}

TEST_CASE("presence: whom the user has blocked hears nothing and is not asked (XEP-0191)")
{
    Friends world;
    auto juliet = world.comes_online("juliet@localhost/balcony");
    auto romeo = world.connects("romeo@localhost/orchard");
    romeo->user().block_list().add(*Jid::parse("juliet@localhost"));
    romeo->says("<presence/>");
    CHECK(romeo->hears() == Lines { "presence available from romeo@localhost/orchard" });
    romeo->says("<presence type='unavailable'/>");
    romeo->leaves();
    CHECK(juliet->hears().empty());
}

TEST_CASE("presence: an error goes to the resource it names, and is never answered (RFC 6120 §8.3.1)")
{
    Verona world;
    auto romeo = world.comes_online("romeo@localhost/orchard");
    auto juliet = world.comes_online("juliet@localhost/balcony");
    const std::string error =
        "<error type='cancel'><gone xmlns='urn:ietf:params:xml:ns:xmpp-stanzas'/></error>";
    romeo->says("<presence type='error' id='e' to='juliet@localhost/balcony'>" + error + "</presence>");
    CHECK(juliet->hears() == Lines { "error gone e" });
    romeo->says("<presence type='error' id='e' to='juliet@localhost/gone'>" + error + "</presence>");
    romeo->says("<presence type='error' id='e' to='nobody@localhost'>" + error + "</presence>");
    CHECK(juliet->hears().empty());
    CHECK(romeo->hears().empty());
}

// RFC 6121 §8.5.3.1-1
TEST_CASE("presence: an iq to a resource needs a subscription or directed presence (RFC 6121 §8.5.3.1, A55)")
{
    Verona world;
    auto romeo = world.comes_online("romeo@localhost/orchard");
    auto juliet = world.comes_online("juliet@localhost/balcony");
    const std::string ping =
        "<iq type='get' id='p' to='juliet@localhost/balcony'><ping xmlns='urn:xmpp:ping'/></iq>";
    romeo->says(ping);
    CHECK(romeo->hears() == Lines { "error service-unavailable p" });
    const Element refused = romeo->received.front();
    juliet->says("<presence to='romeo@localhost'/>");
    romeo->hears();
    romeo->says(ping);
    CHECK(juliet->hears() == Lines { "get ping" });
    juliet->says("<iq type='result' id='p' to='romeo@localhost/orchard'/>");
    CHECK(romeo->hears() == Lines { "result p" });
    juliet->leaves();
    romeo->hears();
    romeo->says(ping);
    romeo->hears();
    CHECK(romeo->received.front() == refused); // not a word of difference
}

TEST_CASE("presence: messages may come when the priority rises to 0, and not again while it stays")
{
    struct Listener final : Module {
        Manifest describe() const override { return Manifest("listener", "counts"); }
        void attach(Handlers& on) override
        {
            on.session_available([](const Context& c) { c.session->send(Stanza::message(Jid(), Jid())); });
            on.session_priority([](const Context& c) {
                c.session->send(Stanza::message(Jid(), Jid(), MessageType::headline));
            });
        }
    };
    std::vector<ModuleEntry> table = rfc6121_modules();
    table.push_back({ []() -> std::unique_ptr<Module> { return std::make_unique<Listener>(); }, true });
    World world(table);
    world.account("romeo");
    auto romeo = world.connects("romeo@localhost/orchard");
    const auto moments = [&romeo](int priority) {
        romeo->says("<presence><priority>" + std::to_string(priority) + "</priority></presence>");
        romeo->hears();
        std::string moments;
        for (const Element& stanza : romeo->received) {
            if (stanza.name() == "message") {
                moments += stanza.attribute("type") == "headline" ? 'p' : 'a';
            }
        }
        return moments;
    };
    CHECK(moments(-1) == "a");
    CHECK(moments(-5) == "");
    CHECK(moments(0) == "p");
    CHECK(moments(5) == "");
    CHECK(moments(-1) == "");
    CHECK(moments(1) == "p");
}
