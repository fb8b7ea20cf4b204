// SPDX-License-Identifier: Apache-2.0
#include "stream/outbox.hpp"

#include "xmpp/ns.hpp"

#include <doctest/doctest.h>

#include <string>

using namespace stonechat;

namespace {

std::shared_ptr<const WireForm> presence_from(const std::string& who)
{
    Element presence("presence", ns::client);
    presence.set_attribute("from", who);
    return std::make_shared<const WireForm>(presence, ns::client);
}

std::string next_of(Outbox& outbox)
{
    std::string out;
    outbox.take_next(out);
    return out;
}

} // namespace

TEST_CASE("outbox: what waits comes out in the order in which it came, a stanza at a time")
{
    Outbox outbox(1000, 0);
    CHECK(outbox.add("<one/>", 0));
    CHECK(outbox.add({ presence_from("a"), presence_from("b") }, "me", 0));
    CHECK(outbox.add({}, "me", 0));
    CHECK(outbox.add("<four/>", 0));
    CHECK(next_of(outbox) == "<one/>");
    CHECK(next_of(outbox) == "<presence to='me' from='a'/>");
    CHECK_FALSE(outbox.is_empty());
    CHECK(next_of(outbox) == "<presence to='me' from='b'/>");
    CHECK(next_of(outbox) == "<four/>");
    CHECK(outbox.is_empty());
    CHECK(outbox.bytes() == 0);
}

TEST_CASE("outbox: stanzas for many are shared while they wait, and let go one by one")
{
    Outbox outbox(1000, 0);
    const auto shared = presence_from("a");
    outbox.add({ shared, shared }, "me", 0);
    CHECK(shared.use_count() == 3);
    next_of(outbox);
    CHECK(shared.use_count() == 2);
}

TEST_CASE("outbox: it is bounded together with what waits in the transport")
{
    Outbox outbox(1000, 0);
    CHECK(outbox.add(std::string(400, 'x'), 300));
    CHECK(outbox.add(std::string(300, 'x'), 300));
    CHECK_FALSE(outbox.add("x", 300));
    CHECK(outbox.is_overfull());
    CHECK(outbox.is_empty());
    CHECK(outbox.bytes() == 0);
    CHECK_FALSE(outbox.add("x", 0)); // the end is the end
}

TEST_CASE(
    "outbox: whatever its size, what comes while there is room is taken, and no more than the bound behind")
{
    for (const std::size_t size : { 2, 500, 999, 1000, 1001, 5000 }) {
        CAPTURE(size);
        Outbox outbox(1000, 0);
        CHECK(outbox.add(std::string(999, 'x'), 0));
        CHECK(outbox.add(std::string(size, 'x'), 0));
        CHECK(outbox.bytes() == 999 + size);
        CHECK_FALSE(outbox.add(std::string(1002, 'x'), 0));
    }
}

TEST_CASE("outbox: who has to give up keeps nothing and takes nothing more")
{
    Outbox outbox(1000, 0);
    CHECK(outbox.add(std::string(400, 'x'), 0));
    outbox.give_up();
    CHECK(outbox.is_overfull());
    CHECK(outbox.is_empty());
    CHECK(outbox.bytes() == 0);
    CHECK_FALSE(outbox.add("x", 0));
}

TEST_CASE("outbox: one answer may be longer than the bound, and as much again may wait behind it")
{
    SUBCASE("it waits here")
    {
        Outbox outbox(1000, 0);
        CHECK(outbox.add(std::string(900, 'x'), 0));
        CHECK(outbox.add(std::string(5000, 'x'), 0));
        CHECK(outbox.add(std::string(1000, 'x'), 0));
        CHECK_FALSE(outbox.add("x", 0));
    }
    SUBCASE("it waits in the transport")
    {
        Outbox outbox(1000, 5000);
        CHECK(outbox.add(std::string(1000, 'x'), 5000));
        CHECK_FALSE(outbox.add("x", 5000));
    }
    SUBCASE("it was read: the bound is what it was")
    {
        Outbox outbox(1000, 0);
        CHECK(outbox.add(std::string(5000, 'x'), 0));
        next_of(outbox);
        CHECK(outbox.add(std::string(1000, 'x'), 0));
        CHECK_FALSE(outbox.add("x", 0));
    }
}
