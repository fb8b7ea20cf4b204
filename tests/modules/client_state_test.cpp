// SPDX-License-Identifier: Apache-2.0
#include "house.hpp"

#include <doctest/doctest.h>

using namespace stonechat;
using namespace stonechat::test;

namespace {

void says_state(World& world, Client& client, std::string_view state)
{
    const Element element(state, ns::client_state);
    const auto* handler = world.host().handlers().find_stream_element(element);
    REQUIRE(handler != nullptr);
    (*handler)(element, Context { world.host(), &client.user(), &client });
    world.run();
}

} // namespace

TEST_CASE("client state: it is offered after login (XEP-0352 §4.1)")
{
    House world;
    bool offered = false;
    for (const auto& [offer, make] : world.host().handlers().features()) {
        const auto feature = make(true);
        if (feature && feature->is("csi", ns::client_state)) {
            CHECK(offer == Handlers::Offer::after_login);
            offered = true;
        }
    }
    CHECK(offered);
}

// XEP-0352 §5-1
TEST_CASE("client state: a stream begins active, and says when that changes (XEP-0352 §4.2, §5)")
{
    House world;
    auto romeo = world.comes_online("romeo@localhost/orchard");
    CHECK_FALSE(romeo->is_inactive());
    says_state(world, *romeo, "inactive");
    CHECK(romeo->is_inactive());
    says_state(world, *romeo, "inactive");
    CHECK(romeo->is_inactive());
    says_state(world, *romeo, "active");
    CHECK_FALSE(romeo->is_inactive());
    CHECK(romeo->hears().empty()); // there is no reply
}

TEST_CASE("client state: who resumes a stream is active again (XEP-0352 §5.2)")
{
    House world;
    auto romeo = world.comes_online("romeo@localhost/orchard");
    says_state(world, *romeo, "inactive");
    const Context context { world.host(), &romeo->user(), romeo.get() };
    world.host().handlers().run_moment(world.host().handlers().on_resumed(), context);
    CHECK_FALSE(romeo->is_inactive());
}

// XEP-0352 §6-1
TEST_CASE("client state: nobody else learns of it (XEP-0352 §6, HOSTILE A62)")
{
    House world;
    world.befriend("romeo", "juliet");
    auto juliet = world.comes_online("juliet@localhost/balcony");
    auto romeo = world.comes_online("romeo@localhost/orchard");
    auto garden = world.comes_online("romeo@localhost/garden");
    juliet->hears();
    romeo->hears();
    const Element before = House::asks(*juliet, "get", "<query xmlns='jabber:iq:last'/>", "romeo@localhost");
    says_state(world, *romeo, "inactive");
    CHECK(juliet->hears().empty());
    CHECK(garden->hears().empty());
    CHECK(romeo->is_available());
    CHECK(House::asks(*juliet, "get", "<query xmlns='jabber:iq:last'/>", "romeo@localhost") == before);
    juliet->says("<presence type='probe' to='romeo@localhost'/>");
    for (const std::string& line : juliet->hears()) {
        CHECK(line.starts_with("presence available"));
    }
}
