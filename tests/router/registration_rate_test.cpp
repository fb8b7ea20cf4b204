// SPDX-License-Identifier: Apache-2.0
#include "router/registration_rate.hpp"

#include <doctest/doctest.h>

using namespace stonechat;
using namespace std::chrono_literals;

TEST_CASE("registration rate: an IPv4 address has its number a day, counted from its first")
{
    ManualClock clock;
    RegistrationRate rate(clock);
    CHECK(rate.admit("192.0.2.1", 2));
    clock.advance(23h);
    CHECK(rate.admit("192.0.2.1", 2));
    CHECK_FALSE(rate.admit("192.0.2.1", 2));
    CHECK(rate.admit("192.0.2.2", 2));
    clock.advance(1h);
    CHECK(rate.admit("192.0.2.1", 2));
}

TEST_CASE("registration rate: an IPv6 /64 is one customer, an IPv4 address in IPv6 clothes is itself")
{
    ManualClock clock;
    RegistrationRate rate(clock);
    CHECK(rate.admit("2001:db8::1", 1));
    CHECK_FALSE(rate.admit("2001:db8::ffff:2", 1));
    CHECK(rate.admit("2001:db8:0:1::1", 1));
    CHECK(rate.admit("::ffff:192.0.2.1", 1));
    CHECK(rate.admit("::ffff:192.0.2.2", 1));
}

TEST_CASE(
    "registration rate: a neighbourhood has four and sixteen times as many; who is refused takes none of it")
{
    ManualClock clock;
    RegistrationRate rate(clock);
    for (int i = 0; i < 100; ++i) {
        CHECK(rate.admit("192.0.2.1", 1) == (i == 0));
        CHECK(rate.admit("2001:db8::1", 1) == (i == 0));
    }
    for (int i = 0; i < 16; ++i) {
        CHECK(rate.admit("192.0.2." + std::to_string(i + 2), 1) == (i < 3));
        CHECK(rate.admit("192.0." + std::to_string(i + 3) + ".1", 1) == (i < 12));
        CHECK(rate.admit("2001:db8:0:" + std::to_string(i + 1) + "::1", 1) == (i < 3));
        CHECK(rate.admit("2001:db8:0:" + std::to_string(i + 1) + "00::1", 1) == (i < 12));
    }
    CHECK(rate.admit("192.1.0.1", 1));
    CHECK(rate.admit("2001:db8:1::1", 1));
}

TEST_CASE("registration rate: memory is bounded; when it is full of today's addresses, new ones are refused")
{
    ManualClock clock;
    RegistrationRate rate(clock);
    for (int i = 0; i < 65536 / 3 + 1; ++i) {
        rate.admit(std::to_string(i % 200 + 11) + "." + std::to_string(i / 200) + ".0.1", 1);
    }
    CHECK_FALSE(rate.admit("192.0.2.1", 1));
    clock.advance(24h);
    CHECK(rate.admit("192.0.2.1", 1));
}
