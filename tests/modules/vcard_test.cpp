// SPDX-License-Identifier: Apache-2.0
#include "house.hpp"

#include <doctest/doctest.h>

using namespace stonechat;
using namespace stonechat::test;

namespace {

const std::string empty_card = "<vCard xmlns='vcard-temp'/>";

std::string card(const std::string& name)
{
    return "<vCard xmlns='vcard-temp'><FN>" + name + "</FN><N><FAMILY>Montague</FAMILY></N></vCard>";
}

} // namespace

// XEP-0054 §3.1-1
TEST_CASE(
    "vcard: what was stored comes back whole, also after the account was unloaded (XEP-0054 §3.1, §3.2)")
{
    House world;
    auto romeo = world.comes_online("romeo@localhost/orchard");
    CHECK(House::verdict(House::asks(*romeo, "set", card("Rosaline's"))) == "result");
    CHECK(House::verdict(House::asks(*romeo, "set", card("Romeo"), "romeo@localhost")) == "result");
    romeo->leaves();
    world.host().forget_user("romeo");
    auto garden = world.comes_online("romeo@localhost/garden");
    for (const char* to : { "", "romeo@localhost" }) {
        const Element answer = House::asks(*garden, "get", empty_card, to);
        CHECK(to_xml(*answer.first_child(), ns::client) == card("Romeo"));
    }
}

// XEP-0054 §3.2-1 §3.3-1
TEST_CASE("vcard: anybody may read it, nobody else may write it (XEP-0054 §3.2, §3.3)")
{
    House world;
    auto romeo = world.comes_online("romeo@localhost/orchard");
    auto mercutio = world.comes_online("mercutio@localhost/square");
    House::asks(*romeo, "set", card("Romeo"));
    romeo->leaves();
    const Element answer = House::asks(*mercutio, "get", empty_card, "romeo@localhost");
    CHECK(answer.attribute_or("from") == "romeo@localhost");
    CHECK(answer.first_child()->child_text("FN") == "Romeo");
    CHECK(House::verdict(House::asks(*mercutio, "set", card("Fool"), "romeo@localhost")) == "auth forbidden");
    CHECK(House::verdict(House::asks(*mercutio, "set", card("Fool"), "nobody@localhost"))
        == "auth forbidden");
    CHECK(House::asks(*mercutio, "get", empty_card, "romeo@localhost").first_child()->child_text("FN")
        == "Romeo");
}

// XEP-0054 §3.1-1 §3.3-2
TEST_CASE(
    "vcard: none of one's own is not found, none of another looks like no account (XEP-0054 §3.1, HOSTILE "
    "A58)")
{
    House world;
    auto mercutio = world.comes_online("mercutio@localhost/square");
    CHECK(House::verdict(House::asks(*mercutio, "get", empty_card)) == "cancel item-not-found");
    for (const char* to : { "romeo@localhost", "nobody@localhost" }) {
        CHECK(House::verdict(House::asks(*mercutio, "get", empty_card, to)) == "cancel service-unavailable");
    }
}

TEST_CASE("vcard: a card that is too large is refused and the old one stays (HOSTILE A97)")
{
    House world;
    auto romeo = world.comes_online("romeo@localhost/orchard");
    world.set("vcard", "max_bytes", std::int64_t { 1024 });
    House::asks(*romeo, "set", card("Romeo"));
    CHECK(House::verdict(House::asks(*romeo, "set", card(std::string(1024, 'x'))))
        == "cancel resource-constraint");
    CHECK(House::asks(*romeo, "get", empty_card).first_child()->child_text("FN") == "Romeo");
}

TEST_CASE(
    "vcard: fields that were published in a node are not shown to others when there are no nodes any more")
{
    House world;
    const std::string text = "<vCard xmlns='vcard-temp' fields-in='urn:xmpp:vcard4'><FN>Romeo</FN></vCard>";
    world.result_of(world.store().keyval().set({ "localhost", "romeo" }, "vcard", "", text));
    auto romeo = world.comes_online("romeo@localhost/orchard");
    auto mercutio = world.comes_online("mercutio@localhost/square");
    CHECK(House::verdict(House::asks(*mercutio, "get", empty_card, "romeo@localhost"))
        == "cancel service-unavailable");
    const Element own = House::asks(*romeo, "get", empty_card);
    CHECK(to_xml(*own.first_child(), ns::client) == "<vCard xmlns='vcard-temp'><FN>Romeo</FN></vCard>");
    House::asks(*romeo, "set", to_xml(*own.first_child(), ns::client));
    CHECK(House::verdict(House::asks(*mercutio, "get", empty_card, "romeo@localhost")) == "result");
}
