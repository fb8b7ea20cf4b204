// SPDX-License-Identifier: Apache-2.0
#include "c2s/rate_limit.hpp"

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
