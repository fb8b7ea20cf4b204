// SPDX-License-Identifier: Apache-2.0
#include "house.hpp"

#include <doctest/doctest.h>

using namespace stonechat;
using namespace stonechat::test;

namespace {

std::string query(const std::string& inside)
{
    return "<query xmlns='jabber:iq:private'>" + inside + "</query>";
}

const std::string exodus = "<exodus xmlns='exodus:prefs'><defaultnick>Hamlet</defaultnick></exodus>";
const std::string which_exodus = "<exodus xmlns='exodus:prefs'/>";

struct Library : House {
    Library() { romeo = comes_online("romeo@localhost/orchard"); }

    std::string stores(const std::string& inside) { return verdict(asks(*romeo, "set", query(inside))); }
    std::string reads(const std::string& which)
    {
        const Element answer = asks(*romeo, "get", query(which));
        return answer.child("error") ? verdict(answer) : to_xml(*answer.first_child(), ns::client);
    }

    ClientPtr romeo;
};

} // namespace

TEST_CASE(
    "private xml: a fragment is stored by the name and namespace of its root (XEP-0049 examples 1 to 4)")
{
    Library world;
    CHECK(world.stores(exodus) == "result");
    CHECK(world.reads(which_exodus) == query(exodus));
    CHECK(world.reads("<exodus xmlns='other:prefs'/>") == query("<exodus xmlns='other:prefs'/>"));
    CHECK(world.reads("<x xmlns='exodus:prefs'/>") == query("<x xmlns='exodus:prefs'/>"));
    CHECK(world.stores("<exodus xmlns='exodus:prefs'><defaultnick>Ofelia</defaultnick></exodus>")
        == "result");
    CHECK(world.reads(which_exodus)
        == query("<exodus xmlns='exodus:prefs'><defaultnick>Ofelia</defaultnick></exodus>"));
}

TEST_CASE("private xml: several fragments go in one request, those of one name together (XEP-0049 §3)")
{
    Library world;
    const std::string notes = "<n xmlns='urn:example:notes'>one</n><n xmlns='urn:example:notes'>two</n>";
    CHECK(world.stores(notes + exodus) == "result");
    CHECK(world.reads("<n xmlns='urn:example:notes'/>") == query(notes));
    CHECK(world.reads(which_exodus) == query(exodus));
}

TEST_CASE("private xml: it is there for other resources and later sessions (XEP-0049)")
{
    Library world;
    world.stores(exodus);
    world.romeo->leaves();
    world.host().forget_user("romeo");
    world.romeo = world.comes_online("romeo@localhost/garden");
    CHECK(world.reads(which_exodus) == query(exodus));
}

// XEP-0049 §2.3-1 §2.3-3
TEST_CASE(
    "private xml: requests that name nothing, or what may not be named, are refused (XEP-0049 §3, examples "
    "6, 7)")
{
    Library world;
    CHECK(world.reads("") == "modify bad-request");
    CHECK(world.reads(which_exodus + "<x xmlns='y'/>") == "modify bad-request");
    CHECK(world.reads("<x/>") == "modify not-acceptable");
    CHECK(world.stores("") == "modify not-acceptable");
    CHECK(world.stores("<x/>") == "modify not-acceptable");
    CHECK(world.stores(exodus + "<x/>") == "modify not-acceptable");
    CHECK(world.reads(which_exodus) == query(which_exodus)); // nothing of a refused request was kept
}

// XEP-0049 §2.3-2 §4-1
TEST_CASE("private xml: it is private (XEP-0049 example 5)")
{
    Library world;
    world.stores(exodus);
    auto mercutio = world.comes_online("mercutio@localhost/square");
    for (const char* to : { "romeo@localhost", "nobody@localhost" }) {
        CHECK(House::verdict(House::asks(*mercutio, "get", query(which_exodus), to)) == "auth forbidden");
        CHECK(House::verdict(House::asks(*mercutio, "set", query(exodus), to)) == "auth forbidden");
    }
}

TEST_CASE("private xml: fragments and bytes are bounded, and replacing one is not adding (HOSTILE A97)")
{
    Library world;
    world.set("private_xml", "max_fragments", std::int64_t { 2 });
    world.set("private_xml", "max_bytes", std::int64_t { 1024 });
    CHECK(world.stores("<a xmlns='a'/><b xmlns='b'/>") == "result");
    CHECK(world.stores("<c xmlns='c'/>") == "cancel resource-constraint");
    CHECK(world.stores("<b xmlns='b'>" + std::string(800, 'x') + "</b>") == "result");
    CHECK(world.stores("<b xmlns='b'>" + std::string(801, 'y') + "</b>") == "result");
    CHECK(world.stores("<a xmlns='a'>" + std::string(300, 'z') + "</a>") == "cancel resource-constraint");
    CHECK(world.reads("<a xmlns='a'/>") == query("<a xmlns='a'/>"));
}
