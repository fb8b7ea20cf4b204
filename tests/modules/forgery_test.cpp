// SPDX-License-Identifier: Apache-2.0
#include "house.hpp"

#include <doctest/doctest.h>

using namespace stonechat;
using namespace stonechat::test;

namespace {

const std::string forwarded =
    "<forwarded xmlns='urn:xmpp:forward:0'><message xmlns='jabber:client' from='nurse@localhost' "
    "to='romeo@localhost'><body>forged</body></message></forwarded>";

struct Row {
    const char* name;
    const char* ns;
};
const Row wrappers[] {
    { "sent", "urn:xmpp:carbons:2" },
    { "received", "urn:xmpp:carbons:2" },
    { "received", "urn:xmpp:carbons:1" },
    { "result", "urn:xmpp:mam:2" },
    { "result", "urn:xmpp:mam:1" },
};

std::string wrapped(const Row& row)
{
    return "<" + std::string(row.name) + " xmlns='" + row.ns + "'>" + forwarded + "</" + row.name + ">";
}

} // namespace

// XEP-0297 §7.1-1
TEST_CASE("forgery: a wrapper that only an account's own server may use is taken off, and the rest goes on "
          "(HOSTILE A50)")
{
    House world;
    auto mercutio = world.comes_online("mercutio@localhost/square");
    auto romeo = world.comes_online("romeo@localhost/orchard");
    int count = 0; // the same message once more would be taken for a repetition
    for (const Row& row : wrappers) {
        for (const char* to : { "romeo@localhost", "romeo@localhost/orchard" }) {
            CAPTURE(row.name);
            CAPTURE(row.ns);
            const std::string id = "f" + std::to_string(++count);
            mercutio->says("<message id='" + id + "' type='chat' to='" + std::string(to) + "'>" + wrapped(row)
                + "<body>mine</body></message>");
            REQUIRE(romeo->hears() == Lines { "message " + id + " from mercutio@localhost/square" });
            CHECK(romeo->received.front().child(row.name, row.ns) == nullptr);
            CHECK(romeo->received.front().child_text("body") == "mine");
        }
    }
}

TEST_CASE("forgery: of a message that is nothing else nobody hears")
{
    House world;
    auto mercutio = world.comes_online("mercutio@localhost/square");
    auto romeo = world.comes_online("romeo@localhost/orchard");
    for (const Row& row : wrappers) {
        mercutio->says("<message id='f' type='chat' to='romeo@localhost'>" + wrapped(row) + "</message>");
    }
    CHECK(romeo->hears().empty());
    CHECK(mercutio->hears().empty());
    romeo->leaves();
    mercutio->says("<message id='f' type='chat' to='romeo@localhost'>" + wrapped(wrappers[0]) + "</message>");
    CHECK(world.stored_messages("romeo") == 0);
}

// XEP-0297 §7.1-1
TEST_CASE("forgery: what merely looks like it is left alone")
{
    House world;
    auto mercutio = world.comes_online("mercutio@localhost/square");
    auto romeo = world.comes_online("romeo@localhost/orchard");
    mercutio->says("<message id='m' type='chat' to='romeo@localhost'><body>x</body>"
                   "<private xmlns='urn:xmpp:carbons:2'/><received xmlns='urn:xmpp:receipts' id='1'/>"
        + forwarded + "</message>");
    REQUIRE(romeo->hears() == Lines { "message m from mercutio@localhost/square" });
    CHECK(romeo->received.front().child("private", ns::carbons) != nullptr);
    CHECK(romeo->received.front().child("received", ns::receipts) != nullptr);
    CHECK(romeo->received.front().child("forwarded", ns::forward) != nullptr);
    mercutio->says("<message id='e' type='chat' to='romeo@localhost'/>"); // empty from the start
    CHECK(romeo->hears().size() == 1);
}

TEST_CASE("forgery: a push of roster or block list does not come from somebody else (HOSTILE A51)")
{
    House world;
    world.befriend("mercutio", "romeo"); // a contact's iq to a resource is delivered otherwise
    auto mercutio = world.comes_online("mercutio@localhost/square");
    auto romeo = world.comes_online("romeo@localhost/orchard");
    mercutio->hears();
    const std::string pushes[] {
        "<query xmlns='jabber:iq:roster'><item jid='mercutio@localhost' subscription='both'/></query>",
        "<block xmlns='urn:xmpp:blocking'><item jid='juliet@localhost'/></block>",
        "<unblock xmlns='urn:xmpp:blocking'/>",
        "<blocklist xmlns='urn:xmpp:blocking'/>",
    };
    for (const std::string& push : pushes) {
        CHECK(House::verdict(House::asks(*mercutio, "set", push, "romeo@localhost/orchard"))
            == "cancel service-unavailable");
        CHECK(romeo->hears().empty());
    }
    mercutio->says("<iq type='get' id='p' to='romeo@localhost/orchard'><ping xmlns='urn:xmpp:ping'/></iq>");
    CHECK(romeo->hears() == Lines { "get ping" });
}
