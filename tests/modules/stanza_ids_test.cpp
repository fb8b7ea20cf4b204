// SPDX-License-Identifier: Apache-2.0
#include "archive_house.hpp"

#include <doctest/doctest.h>

using namespace stonechat;
using namespace stonechat::test;

namespace {

std::string stamp(std::string_view by, std::string_view id = "forged")
{
    return "<stanza-id xmlns='urn:xmpp:sid:0' by='" + std::string(by) + "' id='" + std::string(id) + "'/>";
}

/// The stanza-ids with which Juliet gets a message that carries `payload`, as "by id".
Lines arriving(ArchiveHouse& world, const std::string& payload, const std::string& type = "chat")
{
    world.juliet->hears();
    world.romeo->says("<message type='" + type + "' to='juliet@localhost'><body>x</body>" + payload
        + "</message>");
    world.juliet->hears();
    Lines ids;
    REQUIRE(world.juliet->received.size() == 1);
    for (const Element* id : world.juliet->received.front().children("stanza-id", ns::stanza_id)) {
        ids.push_back(std::string(id->attribute_or("by")) + " " + std::string(id->attribute_or("id")));
    }
    return ids;
}

} // namespace

// XEP-0359 §3-2
TEST_CASE("stanza ids: nobody forges one of ours, in however many copies and spellings (XEP-0359 §3 rule 2)")
{
    ArchiveHouse world;
    const std::string forged = stamp("juliet@localhost") + stamp("juliet@localhost", "twice")
        + stamp("JULIET@LocalHost") + stamp("juliet@localhost/balcony") + stamp("localhost")
        + stamp("romeo@localhost") + stamp("nobody@localhost");
    const Lines ids = arriving(world, forged);
    REQUIRE(ids.size() == 1); // ours
    CHECK(ids.front() == "juliet@localhost " + world.search(*world.juliet).ids.at(0));
    CHECK(arriving(world, forged, "headline").empty()); // also where we put none on
    const Element kept = world.search(*world.juliet).messages.at(0);
    CHECK(kept.child("stanza-id", ns::stanza_id) == nullptr);
}

// XEP-0359 §3-3
TEST_CASE("stanza ids: those of others and a client's own are left alone (§3 rule 3)")
{
    ArchiveHouse world;
    const Lines ids = arriving(world,
        stamp("coven@chat.example", "1") + stamp("not an address", "2")
            + "<origin-id xmlns='urn:xmpp:sid:0' id='o'/>");
    REQUIRE(ids.size() == 3);
    CHECK(ids[0] == "coven@chat.example 1");
    CHECK(ids[1] == "not an address 2");
    CHECK(world.juliet->received.front().child("origin-id", ns::stanza_id) != nullptr);
}

TEST_CASE("stanza ids: a client is no room, so it says nothing of occupants (XEP-0421 §4)")
{
    ArchiveHouse world;
    arriving(world,
        "<occupant-id xmlns='urn:xmpp:occupant-id:0' id='a'/><occupant-id "
        "xmlns='urn:xmpp:occupant-id:0' id='b'/>");
    CHECK(world.juliet->received.front().child("occupant-id", ns::occupant_id) == nullptr);
}
