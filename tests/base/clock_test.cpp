// SPDX-License-Identifier: Apache-2.0
#include "base/clock.hpp"

#include <doctest/doctest.h>

using namespace stonechat;
using namespace std::chrono_literals;

TEST_CASE("clock: a manual one stands still until told to move, then both times move alike")
{
    ManualClock clock;
    const auto wall = clock.wall();
    const auto steady = clock.steady();
    CHECK(clock.wall() == wall);
    CHECK(clock.steady() == steady);
    clock.advance(1500ms);
    CHECK(clock.wall() - wall == 1500ms);
    CHECK(clock.steady() - steady == 1500ms);
    CHECK(ManualClock(WallTime(5s)).wall() == WallTime(5s));
}

TEST_CASE("clock: the system's steady time never goes back")
{
    const SystemClock clock;
    const auto before = clock.steady();
    CHECK(clock.steady() >= before);
    CHECK(clock.wall() > WallTime(std::chrono::hours(24 * 365 * 50)));
}
