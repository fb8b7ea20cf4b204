// SPDX-License-Identifier: Apache-2.0
#include "base/rate_limit.hpp"

#include <doctest/doctest.h>

using namespace stonechat;
using std::chrono::milliseconds;

TEST_CASE("rate limit: a burst passes, then the wait is as long as the debt")
{
    ManualClock clock;
    RateLimit limit(100, 1000, clock.steady());
    CHECK(limit.take(1000, clock.steady()).count() == 0);
    const auto wait = limit.take(50, clock.steady());
    CHECK(wait >= milliseconds(500));
    CHECK(wait <= milliseconds(502));
}

TEST_CASE("rate limit: the bucket fills with time, and never beyond its burst")
{
    ManualClock clock;
    RateLimit limit(100, 200, clock.steady());
    CHECK(limit.take(200, clock.steady()).count() == 0);
    clock.advance(std::chrono::hours(1));
    CHECK(limit.take(200, clock.steady()).count() == 0);
    CHECK(limit.take(1, clock.steady()).count() > 0);
}

TEST_CASE("rate limit: zero means no limit")
{
    ManualClock clock;
    RateLimit limit(0, 0, clock.steady());
    CHECK(limit.take(1e12, clock.steady()).count() == 0);
}

TEST_CASE("rate limit: who is refused is charged nothing")
{
    ManualClock clock;
    RateLimit limit(1, 2, clock.steady());
    CHECK(limit.allows(2, clock.steady()));
    CHECK_FALSE(limit.allows(1, clock.steady()));
    clock.advance(std::chrono::seconds(1));
    CHECK(limit.allows(1, clock.steady()));
    CHECK_FALSE(limit.is_full(clock.steady()));
    clock.advance(std::chrono::seconds(2));
    CHECK(limit.is_full(clock.steady()));
}
