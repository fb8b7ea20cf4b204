// SPDX-License-Identifier: Apache-2.0
#include "rfc6121_world.hpp"

#include <doctest/doctest.h>

using namespace stonechat;
using namespace stonechat::test;

namespace {

std::string roster_set(std::string_view id, std::string_view items)
{
    return "<iq type='set' id='" + std::string(id) + "'><query xmlns='jabber:iq:roster'>" + std::string(items)
        + "</query></iq>";
}

std::string roster_get(std::string_view id, std::string_view attributes = {})
{
    return "<iq type='get' id='" + std::string(id) + "'><query xmlns='jabber:iq:roster'"
        + std::string(attributes) + "/></iq>";
}

std::string version_of(Client& client)
{
    client.says(roster_get("v"));
    client.hears();
    return std::string(client.received.back().first_child()->attribute_or("ver"));
}

} // namespace

// RFC 6121 §2.2-1 §2.3.2-1
TEST_CASE(
    "roster: a set is pushed to interested resources, answered, and concerns nobody else (RFC 6121 §2.3.2)")
{
    Verona world;
    auto orchard = world.comes_online("romeo@localhost/orchard");
    auto interested = world.connects("romeo@localhost/interested");
    auto silent = world.connects("romeo@localhost/silent");
    auto nurse = world.comes_online("juliet@localhost/chamber");
    interested->says(roster_get("g"));
    interested->hears();
    orchard->says(roster_set("a",
        "<item jid='juliet@localhost' name='Juliet'><group>Friends</group></item>"));
    CHECK(orchard->hears() == Lines { "push juliet@localhost none", "result a" });
    CHECK(interested->hears() == Lines { "push juliet@localhost none" });
    const Element& item = *interested->received.front().first_child()->first_child();
    CHECK(item.attribute("name") == "Juliet");
    CHECK(item.child_text("group") == "Friends");
    CHECK(silent->hears().empty());
    CHECK(nurse->hears().empty());
}

TEST_CASE("roster: nobody hears of a change before it is committed (K4)")
{
    Verona world;
    auto romeo = world.comes_online("romeo@localhost/orchard");
    romeo->says_in_haste(roster_set("a", "<item jid='juliet@localhost'/>"));
    CHECK(romeo->hears().empty());
    CHECK_FALSE(romeo->is_settled());
    romeo->says_in_haste(roster_get("g"));
    CHECK(romeo->hears() == Lines { "result g" });
    CHECK(romeo->received.front().first_child()->child_count() == 0);
    world.run();
    CHECK(romeo->hears() == Lines { "push juliet@localhost none", "result a" });
    CHECK(romeo->is_settled());
    CHECK(world.stored_roster("romeo").items.size() == 1);
}

// RFC 6121 §2.6.3-5
TEST_CASE("roster: changes of one user take effect one after another, pushes in that order")
{
    Verona world;
    auto romeo = world.comes_online("romeo@localhost/orchard");
    romeo->says_in_haste(roster_set("a", "<item jid='juliet@localhost' name='One'/>"));
    romeo->says_in_haste("<presence type='subscribe' to='juliet@localhost'/>");
    romeo->says_in_haste(roster_set("b", "<item jid='juliet@localhost' name='Two'/>"));
    world.run();
    CHECK(romeo->hears()
        == Lines { "push juliet@localhost none", "result a", "push juliet@localhost none ask",
            "push juliet@localhost none ask", "result b" });
    CHECK(world.stored_roster("romeo").items.front().name == "Two");
    CHECK(world.stored_roster("romeo").items.front().pending_out);
}

// RFC 6121 §2.3.3-1
TEST_CASE("roster: what the store refuses is answered with an error and has not happened")
{
    Verona world;
    auto romeo = world.comes_online("romeo@localhost/orchard");
    world.storage->stop();
    romeo->says(roster_set("a", "<item jid='juliet@localhost'/>"));
    CHECK(romeo->hears() == Lines { "error internal-server-error a" });
    romeo->says(roster_get("g"));
    romeo->hears();
    CHECK(romeo->received.front().first_child()->child_count() == 0);
}

// RFC 6121 §2.6.3-2
TEST_CASE("roster: a known version gets an empty result, any other the whole roster (RFC 6121 §2.6)")
{
    Verona world;
    auto romeo = world.comes_online("romeo@localhost/orchard");
    romeo->says(roster_set("a", "<item jid='juliet@localhost'/>"));
    romeo->hears();
    const std::string pushed(romeo->received.front().first_child()->attribute_or("ver"));
    CHECK(pushed == version_of(*romeo));
    romeo->says(roster_get("b", " ver='" + pushed + "'"));
    romeo->hears();
    CHECK(romeo->received.front().child_count() == 0);
    for (const char* version : { " ver=''", " ver='0'", " ver='nonsense'" }) {
        romeo->says(roster_get("c", version));
        romeo->hears();
        REQUIRE(romeo->received.front().child_count() == 1);
        CHECK(romeo->received.front().first_child()->child_count() == 1);
    }
}

TEST_CASE("roster: a stranger's request does not change the version, and is not in the roster")
{
    Verona world;
    auto romeo = world.comes_online("romeo@localhost/orchard");
    auto juliet = world.comes_online("juliet@localhost/balcony");
    const std::string before = version_of(*romeo);
    juliet->says("<presence type='subscribe' to='romeo@localhost'/>");
    CHECK(romeo->hears() == Lines { "presence subscribe from juliet@localhost" });
    CHECK(version_of(*romeo) == before);
    romeo->says(roster_get("g"));
    romeo->hears();
    CHECK(romeo->received.front().first_child()->child_count() == 0);
}

// RFC 6121 §2.1.2.5-1
TEST_CASE("roster: what a client may not set is ignored (RFC 6121 §2.1.2)")
{
    Verona world;
    auto romeo = world.comes_online("romeo@localhost/orchard");
    romeo->says(roster_set("a",
        "<item jid='juliet@localhost' subscription='both' ask='subscribe' approved='true'/>"));
    CHECK(romeo->hears() == Lines { "push juliet@localhost none", "result a" });
}

// RFC 6121 §2.3.3-1 §2.3.3-2 §2.3.3-3 §2.5.3-1
TEST_CASE("roster: refusals (RFC 6121 §2.3.3, §2.5.3)")
{
    Verona world;
    auto romeo = world.comes_online("romeo@localhost/orchard");
    const std::string long_name(1024, 'x');
    const std::vector<std::pair<std::string, std::string>> cases {
        { "", "bad-request" },
        { "<item jid='a@x'/><item jid='b@x'/>", "bad-request" },
        { "<item jid='a@x'/><other/>", "bad-request" },
        { "<item name='Nobody'/>", "bad-request" },
        { "<item jid='a@b@c'/>", "jid-malformed" },
        { "<item jid='a@x'><group>G</group><group>G</group></item>", "bad-request" },
        { "<item jid='a@x'><group/></item>", "not-acceptable" },
        { "<item jid='a@x'><group>" + long_name + "</group></item>", "not-acceptable" },
        { "<item jid='a@x' name='" + long_name + "'/>", "not-acceptable" },
        { "<item jid='a@x' subscription='remove'/>", "item-not-found" },
    };
    for (const auto& [items, condition] : cases) {
        CAPTURE(items.substr(0, 60));
        romeo->says(roster_set("r", items));
        CHECK(romeo->hears() == Lines { "error " + condition + " r" });
    }
    CHECK(world.stored_roster("romeo").items.empty());
    CHECK(romeo->is_settled());
}

TEST_CASE("roster: more contacts than allowed are resource-constraint, changes of old ones are not (A97)")
{
    Verona world;
    world.set("roster", "max_contacts", std::int64_t(2));
    auto romeo = world.comes_online("romeo@localhost/orchard");
    romeo->says(roster_set("a", "<item jid='one@x'/>"));
    romeo->says(roster_set("b", "<item jid='two@x'/>"));
    romeo->hears();
    romeo->says(roster_set("c", "<item jid='three@x'/>"));
    CHECK(romeo->hears() == Lines { "error resource-constraint c" });
    romeo->says("<presence type='subscribe' id='s' to='juliet@localhost'/>");
    CHECK(romeo->hears() == Lines { "error resource-constraint s" });
    romeo->says(roster_set("d", "<item jid='two@x' name='Two'/>"));
    CHECK(romeo->hears() == Lines { "push two@x none", "result d" });
}

// RFC 6121 §2-2 §2.1.5-2
TEST_CASE("roster: names and groups are bounded together, and what is too large may become smaller (A97)")
{
    Verona world;
    world.set("roster", "max_bytes", std::int64_t(1024));
    auto romeo = world.comes_online("romeo@localhost/orchard");
    const auto item = [](const std::string& jid, std::size_t length) {
        return "<item jid='" + jid + "' name='n'><group>" + std::string(length, 'g') + "</group></item>";
    };
    romeo->says(roster_set("a", item("one@x", 410)));
    romeo->says(roster_set("b", item("two@x", 410)));
    CHECK(romeo->hears() == Lines { "push one@x none", "result a", "push two@x none", "result b" });
    romeo->says(roster_set("c", item("three@x", 10)));
    CHECK(romeo->hears() == Lines { "error resource-constraint c" });
    romeo->says(roster_set("d", item("two@x", 600)));
    CHECK(romeo->hears() == Lines { "error resource-constraint d" });
    world.set("roster", "max_bytes", std::int64_t(100)); // the administrator allows less now
    romeo->says(roster_set("e", item("two@x", 400)));
    CHECK(romeo->hears() == Lines { "push two@x none", "result e" });
}

// RFC 6121 §2-2 §2.1.5-2
TEST_CASE("roster: somebody else's is forbidden, whether they exist or not (A59)")
{
    Verona world;
    auto romeo = world.comes_online("romeo@localhost/orchard");
    auto juliet = world.comes_online("juliet@localhost/balcony");
    for (const char* whose : { "juliet@localhost", "nobody@localhost" }) {
        for (const char* type : { "get", "set" }) {
            romeo->says("<iq id='f' type='" + std::string(type) + "' to='" + whose
                + "'><query xmlns='jabber:iq:roster'><item jid='romeo@localhost'/></query></iq>");
            CHECK(romeo->hears() == Lines { "error forbidden f" });
        }
    }
    CHECK(juliet->hears().empty());
}

TEST_CASE(
    "roster: a push from somebody else is not delivered, not even from a friend or an own resource (A51)")
{
    Verona world;
    world.befriend("romeo", "juliet");
    auto juliet = world.comes_online("juliet@localhost/balcony");
    auto romeo = world.comes_online("romeo@localhost/orchard");
    auto garden = world.comes_online("juliet@localhost/garden");
    for (Client* forger : { romeo.get(), garden.get() }) {
        juliet->hears();
        forger->hears();
        forger->says("<iq id='p' type='set' to='juliet@localhost/balcony'><query xmlns='jabber:iq:roster'>"
                     "<item jid='evil@x' subscription='both'/></query></iq>");
        CHECK(forger->hears() == Lines { "error service-unavailable p" });
        CHECK(juliet->hears().empty());
    }
}

// RFC 6121 §2.5.2-1 §2.5.2-4
// RFC 6121 §3.3.3-2
TEST_CASE("roster: removing a mutual contact ends both subscriptions (RFC 6121 §2.5.2)")
{
    Verona world;
    world.befriend("romeo", "juliet");
    auto romeo = world.comes_online("romeo@localhost/orchard");
    auto juliet = world.comes_online("juliet@localhost/balcony");
    auto mercutio = world.comes_online("mercutio@localhost/square");
    romeo->hears();
    romeo->says(roster_set("a", "<item jid='juliet@localhost' subscription='remove'/>"));
    CHECK(romeo->hears()
        == Lines { "push juliet@localhost remove", "result a",
            "presence unavailable from juliet@localhost/balcony" });
    CHECK(juliet->hears()
        == Lines { "presence unsubscribe from romeo@localhost", "push romeo@localhost to",
            "presence unavailable from romeo@localhost/orchard", "presence unsubscribed from romeo@localhost",
            "push romeo@localhost none" });
    CHECK(mercutio->hears().empty());
    CHECK(world.stored_roster("romeo").items.empty());
}

TEST_CASE("roster: removing an item withdraws the user's request and leaves the contact's to be answered")
{
    Verona world;
    auto romeo = world.comes_online("romeo@localhost/orchard");
    auto juliet = world.comes_online("juliet@localhost/balcony");
    romeo->says("<presence type='subscribe' to='juliet@localhost'/>");
    juliet->says("<presence type='subscribe' to='romeo@localhost'/>");
    romeo->hears();
    juliet->hears();
    romeo->says(roster_set("a", "<item jid='juliet@localhost' subscription='remove'/>"));
    CHECK(romeo->hears() == Lines { "push juliet@localhost remove", "result a" });
    CHECK(juliet->hears() == Lines { "presence unsubscribe from romeo@localhost" });
    auto garden = world.connects("romeo@localhost/garden");
    garden->says("<presence/>");
    CHECK(garden->hears()
        == Lines { "presence available from romeo@localhost/garden",
            "presence available from romeo@localhost/orchard", "presence subscribe from juliet@localhost" });
}
