// SPDX-License-Identifier: Apache-2.0
#include "archive_house.hpp"

#include "xmpp/date_time.hpp"

#include <doctest/doctest.h>

using namespace stonechat;
using namespace stonechat::test;
using namespace std::chrono_literals;

namespace {

const std::string said = "<body>Have not saints lips, and holy palmers too?</body>";

void retract(Client& client, std::string_view to, std::string_view target, std::string_view more = {})
{
    client.says("<message type='chat' to='" + std::string(to) + "' id='retract-message-1'>" + "<retract id='"
        + std::string(target) + "' xmlns='urn:xmpp:message-retract:1'/>"
        + "<fallback xmlns='urn:xmpp:fallback:0' for='urn:xmpp:message-retract:1'/>"
        + "<body>/me retracted a previous message</body>" + std::string(more) + "</message>");
}

/// Romeo has said something to Juliet.
struct Said : ArchiveHouse {
    Said()
    {
        romeo->says("<message type='chat' to='juliet@localhost' id='wrong-recipient-1'>" + said
            + "<origin-id xmlns='urn:xmpp:sid:0' id='wrong-recipient-1'/></message>");
        clock.advance(1h);
    }

    bool stands_for(Client& owner)
    {
        const auto found = search(owner);
        REQUIRE(!found.messages.empty());
        return found.messages.front().child("body") != nullptr;
    }
};

} // namespace

// XEP-0424 §4-1 §5-2 §5-1
TEST_CASE("retraction: leaves a tombstone in both archives, and is there itself (XEP-0424 §4)")
{
    Said world;
    const auto before = world.search(*world.juliet);
    retract(*world.romeo, "juliet@localhost", "wrong-recipient-1");
    for (const ClientPtr& owner : { world.romeo, world.juliet }) {
        const auto found = world.search(*owner);
        REQUIRE(found.messages.size() == 2);
        CHECK(found.ids.front() == before.ids.front());
        CHECK(to_xml(found.messages.front(), ns::client)
            == "<message from='romeo@localhost/orchard' to='juliet@localhost' type='chat' "
               "id='wrong-recipient-1'>"
               "<retracted xmlns='urn:xmpp:message-retract:1' id='retract-message-1' stamp='"
                + to_datetime(world.clock.wall()) + "'/></message>");
        CHECK(found.messages.back().child("retract", ns::retraction) != nullptr);
    }
    CHECK(world.juliet->received.empty() == false);
}

// XEP-0424 §5-3
TEST_CASE("retraction: nobody takes back what somebody else has said (§5)")
{
    Said world;
    retract(*world.mercutio, "juliet@localhost", "wrong-recipient-1");
    retract(*world.mercutio, "romeo@localhost", "wrong-recipient-1");
    retract(*world.juliet, "romeo@localhost", "wrong-recipient-1");
    retract(*world.romeo, "mercutio@localhost", "wrong-recipient-1"); // said to another one
    retract(*world.romeo, "juliet@localhost", "some-other-id");
    retract(*world.romeo, "juliet@localhost", "");
    CHECK(world.stands_for(*world.romeo));
    CHECK(world.stands_for(*world.juliet));
    CHECK(world.search(*world.juliet).messages.size() == 5);
}

TEST_CASE("retraction: one that is not kept replaces nothing, since no one would learn of it (§5)")
{
    Said world;
    retract(*world.romeo, "juliet@localhost", "wrong-recipient-1", "<no-store xmlns='urn:xmpp:hints'/>");
    CHECK(world.stands_for(*world.juliet));
    world.romeo->says("<message type='chat' to='juliet@localhost'>"
                      "<retract id='wrong-recipient-1' xmlns='urn:xmpp:message-retract:1'/></message>");
    CHECK(world.stands_for(*world.juliet)); // without an id no tombstone could name it
}

TEST_CASE("retraction: reaches the archive of one side also if the other has none")
{
    Said world;
    world.set_preferences(*world.romeo, "never");
    retract(*world.romeo, "juliet@localhost", "wrong-recipient-1");
    CHECK_FALSE(world.stands_for(*world.juliet));
}

TEST_CASE("retraction: a tombstone stays as it is")
{
    Said world;
    retract(*world.romeo, "juliet@localhost", "wrong-recipient-1");
    const Element grave = world.search(*world.juliet).messages.at(0);
    world.clock.advance(1h);
    world.romeo->says("<message type='chat' to='juliet@localhost' id='again'>"
                      "<retract id='wrong-recipient-1' xmlns='urn:xmpp:message-retract:1'/></message>");
    CHECK(world.search(*world.juliet).messages.at(0) == grave);
    CHECK(world.search(*world.juliet).messages.size() == 3);
}

TEST_CASE("retraction: who puts a <retracted/> beside what he says can take it back nevertheless")
{
    ArchiveHouse world;
    world.romeo->says("<message type='chat' to='juliet@localhost' id='1'>" + said
        + "<retracted xmlns='urn:xmpp:message-retract:1' id='0'/></message>");
    retract(*world.romeo, "juliet@localhost", "1");
    const auto found = world.search(*world.juliet);
    REQUIRE(found.messages.size() == 2);
    CHECK(found.messages.front().child("body") == nullptr);
}

// XEP-0424 §5-1
TEST_CASE("retraction: what was said cannot be searched for any more")
{
    Said world;
    const auto found = [&world] {
        return world
            .search(*world.juliet, world.form(world.field("{urn:xmpp:fulltext:0}fulltext", "palmers")))
            .ids.size();
    };
    const bool indexed = static_cast<bool>(world.result_of(world.store().archive().index(256)));
    CHECK(indexed);
    CHECK(found() == 1);
    retract(*world.romeo, "juliet@localhost", "wrong-recipient-1");
    CHECK(found() == 0);
}
