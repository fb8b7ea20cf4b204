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

TEST_CASE("registration rate: memory is bounded; when it is full of today's addresses, new ones are refused")
{
    ManualClock clock;
    RegistrationRate rate(clock);
    for (int i = 0; i < 65536; ++i) {
        rate.admit("10.0." + std::to_string(i / 256) + "." + std::to_string(i % 256), 1);
    }
    CHECK_FALSE(rate.admit("192.0.2.1", 1));
    clock.advance(24h);
    CHECK(rate.admit("192.0.2.1", 1));
}
