// SPDX-License-Identifier: Apache-2.0
#include "house.hpp"

#include <doctest/doctest.h>

using namespace stonechat;
using namespace stonechat::test;

// XEP-0199 §4.2-1 §7-1
TEST_CASE("ping: server and own account answer, an account only to those who see its presence (XEP-0199 §4)")
{
    House world;
    world.befriend("romeo", "juliet");
    auto romeo = world.comes_online("romeo@localhost/orchard");
    auto mercutio = world.comes_online("mercutio@localhost/square");
    const std::string ping = "<ping xmlns='urn:xmpp:ping'/>";
    for (const char* whom : { "", "localhost", "romeo@localhost", "juliet@localhost" }) {
        const Element answer = House::asks(*romeo, "get", ping, whom);
        CHECK(House::verdict(answer) == "result");
        CHECK(answer.child_count() == 0);
    }
    for (const char* whom :
        { "romeo@localhost", "juliet@localhost", "nobody@localhost", "romeo@localhost/orchard" }) {
        CHECK(House::verdict(House::asks(*mercutio, "get", ping, whom)) == "cancel service-unavailable");
    }
}
