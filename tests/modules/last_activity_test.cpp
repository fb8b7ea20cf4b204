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

TEST_CASE("last activity: while one resource is there the contact is not gone (XEP-0012 §4)")
{
    Watchers world;
    auto balcony = world.comes_online("juliet@localhost/balcony");
    auto window = world.comes_online("juliet@localhost/window");
    world.clock.advance(60s);
    window->leaves();
    world.clock.advance(60s);
    CHECK(last(*world.romeo, "juliet@localhost") == "0");
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
