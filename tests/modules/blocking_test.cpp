// SPDX-License-Identifier: Apache-2.0
#include "house.hpp"

#include <doctest/doctest.h>

using namespace stonechat;
using namespace stonechat::test;

namespace {

constexpr std::string_view blocklist = "<blocklist xmlns='urn:xmpp:blocking'/>";

std::string change(std::string_view name, const Lines& jids)
{
    std::string xml = "<" + std::string(name) + " xmlns='urn:xmpp:blocking'>";
    for (const std::string& jid : jids) {
        xml += "<item jid='" + jid + "'/>";
    }
    return xml + "</" + std::string(name) + ">";
}

std::string block(Client& client, const Lines& jids)
{
    return House::verdict(House::asks(client, "set", change("block", jids)));
}

std::string unblock(Client& client, const Lines& jids)
{
    return House::verdict(House::asks(client, "set", change("unblock", jids)));
}

Lines listed(Client& client)
{
    const Element answer = House::asks(client, "get", blocklist);
    Lines jids;
    for (const Element* item : answer.first_child()->children()) {
        jids.emplace_back(item->attribute_or("jid"));
    }
    return jids;
}

/// Two who see each other, and one who is no contact of theirs.
struct Quarrel : House {
    Quarrel()
    {
        befriend("romeo", "juliet");
        juliet = comes_online("juliet@localhost/balcony");
        romeo = comes_online("romeo@localhost/orchard");
        mercutio = comes_online("mercutio@localhost/square");
        juliet->hears();
    }

    ClientPtr juliet, romeo, mercutio;
};

} // namespace

// XEP-0191 §3.2-1
TEST_CASE("blocking: the list is what was blocked, sorted and each once, and outlives the session (XEP-0191 "
          "§3.2, §3.3)")
{
    Quarrel world;
    CHECK(listed(*world.romeo).empty());
    CHECK(block(*world.romeo, { "tybalt@localhost", "juliet@localhost/balcony", "tybalt@localhost" })
        == "result");
    CHECK(block(*world.romeo, { "tybalt@localhost" }) == "result");
    CHECK(listed(*world.romeo) == Lines { "juliet@localhost/balcony", "tybalt@localhost" });
    world.romeo->leaves();
    world.host().forget_user("romeo");
    auto garden = world.comes_online("romeo@localhost/garden");
    CHECK(listed(*garden) == Lines { "juliet@localhost/balcony", "tybalt@localhost" });
}

// XEP-0191 §3.4-1 §3.5-1
TEST_CASE("blocking: unblocking takes single addresses off, or all when none is named (XEP-0191 §3.4, §3.5)")
{
    Quarrel world;
    block(*world.romeo, { "a@localhost", "b@localhost", "c@localhost" });
    CHECK(unblock(*world.romeo, { "b@localhost", "not-there@localhost" }) == "result");
    CHECK(listed(*world.romeo) == Lines { "a@localhost", "c@localhost" });
    CHECK(unblock(*world.romeo, {}) == "result");
    CHECK(listed(*world.romeo).empty());
    CHECK(unblock(*world.romeo, {}) == "result");
}

// XEP-0191 §3.3-2
TEST_CASE("blocking: no item is a bad request, and no address is malformed (XEP-0191 §3.3)")
{
    Quarrel world;
    CHECK(block(*world.romeo, {}) == "modify bad-request");
    CHECK(block(*world.romeo, { "a@localhost", "@" }) == "modify jid-malformed");
    CHECK(House::verdict(House::asks(*world.romeo, "set", "<block xmlns='urn:xmpp:blocking'><item/></block>"))
        == "modify jid-malformed");
    CHECK(unblock(*world.romeo, { "@" }) == "modify jid-malformed");
    CHECK(listed(*world.romeo).empty());
}

// XEP-0191 §3.3-1 §3.4-1 §3.5-1
TEST_CASE("blocking: changes are pushed behind the result to the resources that asked for the list (XEP-0191 "
          "§3.3)")
{
    Quarrel world;
    auto garden = world.comes_online("romeo@localhost/garden");
    world.romeo->hears();
    listed(*world.romeo);
    world.romeo->says("<iq type='set' id='b1'>" + change("block", { "a@localhost", "b@localhost" })
        + "</iq>");
    CHECK(world.romeo->hears() == Lines { "result b1", "set block" });
    CHECK(world.romeo->received.back().first_child()->child_count() == 2);
    CHECK(world.romeo->received.back().attribute_or("to") == "romeo@localhost/orchard");
    CHECK(garden->hears().empty());
    garden->says("<iq type='set' id='u1'>" + change("unblock", {}) + "</iq>");
    CHECK(garden->hears() == Lines { "result u1" });
    CHECK(world.romeo->hears() == Lines { "set unblock" });
    CHECK(world.romeo->received.back().first_child()->child_count() == 0);
}

// XEP-0191 §3.3-3 §3.4-2
TEST_CASE("blocking: who sees the user's presence sees it end and come back, others nothing (XEP-0191 §3.3, "
          "§3.4)")
{
    Quarrel world;
    block(*world.romeo, { "juliet@localhost", "mercutio@localhost" });
    CHECK(world.juliet->hears() == Lines { "presence unavailable from romeo@localhost/orchard" });
    CHECK(world.mercutio->hears().empty());
    world.romeo->says("<presence><show>dnd</show></presence>");
    CHECK(world.juliet->hears().empty());
    unblock(*world.romeo, { "juliet@localhost", "mercutio@localhost" });
    CHECK(world.juliet->hears() == Lines { "presence available from romeo@localhost/orchard" });
    CHECK(world.juliet->received.back().child_text("show") == "dnd");
    CHECK(world.mercutio->hears().empty());
}

TEST_CASE("blocking: who is blocked already hears nothing of a second block (XEP-0191 §3.3)")
{
    Quarrel world;
    block(*world.romeo, { "juliet@localhost" });
    world.juliet->hears();
    block(*world.romeo, { "juliet@localhost", "juliet@localhost/balcony" });
    CHECK(world.juliet->hears().empty());
}

TEST_CASE("blocking: who is still blocked by another entry is shown nothing (XEP-0191 §3.4)")
{
    Quarrel world;
    block(*world.romeo, { "juliet@localhost", "localhost" });
    world.juliet->hears();
    unblock(*world.romeo, { "juliet@localhost" });
    CHECK(world.juliet->hears().empty());
    unblock(*world.romeo, { "localhost" });
    CHECK(world.juliet->hears() == Lines { "presence available from romeo@localhost/orchard" });
}

// XEP-0191 §3.3-5 §3.3-4
TEST_CASE(
    "blocking: presence of the blocked is dropped without a word, subscriptions and probes too (XEP-0191 "
    "§3.3)")
{
    Quarrel world;
    block(*world.romeo, { "juliet@localhost", "mercutio@localhost" });
    world.juliet->hears();
    world.juliet->says("<presence><show>away</show></presence>");
    world.juliet->says("<presence to='romeo@localhost/orchard'/>");
    world.juliet->says("<presence to='romeo@localhost' type='probe'/>");
    world.mercutio->says("<presence to='romeo@localhost' type='subscribe'/>");
    CHECK(world.romeo->hears().empty());
    CHECK(world.juliet->hears() == Lines { "presence available from juliet@localhost/balcony" });
    CHECK(world.mercutio->hears() == Lines { "push romeo@localhost none ask" });
    CHECK(world.romeo->is_settled());
}

// XEP-0191 §3.3-6 §3.3-7
TEST_CASE(
    "blocking: messages and requests of the blocked are refused as if nobody were there (XEP-0191 §3.3, "
    "HOSTILE A56)")
{
    Quarrel world;
    block(*world.romeo, { "juliet@localhost" });
    world.juliet->hears();
    for (const char* to : { "romeo@localhost", "romeo@localhost/orchard" }) {
        world.juliet->says("<message id='m' type='chat' to='" + std::string(to)
            + "'><body>?</body></message>");
        CHECK(world.juliet->hears() == Lines { "error service-unavailable m" });
        CHECK(House::verdict(House::asks(*world.juliet, "get", "<ping xmlns='urn:xmpp:ping'/>", to))
            == "cancel service-unavailable");
    }
    CHECK(world.romeo->hears().empty());
    world.romeo->leaves();
    world.juliet->says("<message id='m' type='chat' to='romeo@localhost'><body>?</body></message>");
    CHECK(world.juliet->hears() == Lines { "error service-unavailable m" });
    CHECK(world.stored_messages("romeo") == 0);
}

// XEP-0191 §3.3-7
TEST_CASE("blocking: answers and errors of the blocked vanish (XEP-0191 §3.3)")
{
    Quarrel world;
    block(*world.romeo, { "juliet@localhost" });
    world.juliet->hears();
    world.juliet->says("<iq type='result' id='r' to='romeo@localhost/orchard'/>");
    world.juliet->says("<message type='error' id='e' to='romeo@localhost/orchard'><error type='cancel'>"
                       "<gone xmlns='urn:ietf:params:xml:ns:xmpp-stanzas'/></error></message>");
    CHECK(world.juliet->hears().empty());
    CHECK(world.romeo->hears().empty());
}

// XEP-0191 §3.3-8
TEST_CASE("blocking: the user cannot send anything to the blocked (XEP-0191 example 7)")
{
    Quarrel world;
    block(*world.romeo, { "juliet@localhost" });
    world.juliet->hears();
    const Lines requests { "<message id='x' to='juliet@localhost'><body>?</body></message>",
        "<iq id='x' type='get' to='juliet@localhost/balcony'><ping xmlns='urn:xmpp:ping'/></iq>",
        "<presence id='x' to='juliet@localhost'/>",
        "<presence id='x' to='juliet@localhost' type='subscribe'/>" };
    for (const std::string& request : requests) {
        world.romeo->says(request);
        REQUIRE(world.romeo->hears() == Lines { "error not-acceptable x" });
        CHECK(House::verdict(world.romeo->received.front()) == "cancel not-acceptable blocked");
    }
    world.romeo->says("<iq type='result' id='r' to='juliet@localhost/balcony'/>");
    CHECK(world.romeo->hears().empty());
    CHECK(world.juliet->hears().empty());
}

// XEP-0191 §6-1
TEST_CASE("blocking: a full address blocks that resource and no other (XEP-0191 §6)")
{
    Quarrel world;
    auto window = world.comes_online("juliet@localhost/window");
    world.romeo->hears();
    block(*world.romeo, { "juliet@localhost/balcony" });
    world.juliet->says("<message id='m1' to='romeo@localhost'><body>?</body></message>");
    CHECK(world.romeo->hears().empty());
    window->says("<message id='m2' to='romeo@localhost'><body>!</body></message>");
    CHECK(world.romeo->hears() == Lines { "message m2 from juliet@localhost/window" });
}

// XEP-0191 §5-1
TEST_CASE("blocking: nobody is cut off from the own resources, nor from the server's answers (XEP-0191 §5)")
{
    Quarrel world;
    auto garden = world.comes_online("romeo@localhost/garden");
    block(*world.romeo, { "romeo@localhost", "romeo@localhost/garden", "localhost" });
    world.romeo->hears();
    garden->hears();
    garden->says("<message id='m1' to='romeo@localhost/orchard'><body>me</body></message>");
    CHECK(world.romeo->hears() == Lines { "message m1 from romeo@localhost/garden" });
    world.romeo->says("<iq id='r' type='get'><query xmlns='jabber:iq:roster'/></iq>");
    CHECK(world.romeo->hears() == Lines { "result r" });
    CHECK(unblock(*world.romeo, {}) == "result");
}

TEST_CASE("blocking: the list is bounded, and what is on it costs nothing (HOSTILE A97)")
{
    Quarrel world;
    world.set("blocking", "max_entries", std::int64_t { 2 });
    CHECK(block(*world.romeo, { "a@localhost", "b@localhost", "a@localhost" }) == "result");
    CHECK(block(*world.romeo, { "b@localhost" }) == "result");
    CHECK(block(*world.romeo, { "b@localhost", "c@localhost" }) == "cancel resource-constraint");
    CHECK(listed(*world.romeo) == Lines { "a@localhost", "b@localhost" });
}

TEST_CASE("blocking: changes made at once by two resources end the same in memory and in the store")
{
    Quarrel world;
    auto garden = world.comes_online("romeo@localhost/garden");
    block(*world.romeo, { "juliet@localhost" });
    world.romeo->says_in_haste("<iq type='set' id='u'>" + change("unblock", { "juliet@localhost" })
        + "</iq>");
    garden->says_in_haste("<iq type='set' id='b'>" + change("block", { "juliet@localhost" }) + "</iq>");
    world.run();
    CHECK(listed(*world.romeo) == Lines { "juliet@localhost" });
    world.romeo->leaves();
    garden->leaves();
    world.host().forget_user("romeo");
    auto cellar = world.comes_online("romeo@localhost/cellar");
    CHECK(listed(*cellar) == Lines { "juliet@localhost" });
}

TEST_CASE("blocking: nobody reads or changes the list of somebody else (HOSTILE A51)")
{
    Quarrel world;
    CHECK(House::verdict(House::asks(*world.juliet, "get", blocklist, "romeo@localhost"))
        == "cancel service-unavailable");
    world.mercutio->says("<iq id='x' type='set' to='romeo@localhost/orchard'>"
        + change("block", { "juliet@localhost" }) + "</iq>");
    CHECK(world.mercutio->hears() == Lines { "error service-unavailable x" });
    CHECK(world.romeo->hears().empty());
}
