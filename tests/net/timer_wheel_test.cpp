// SPDX-License-Identifier: Apache-2.0
#include "net/timer_wheel.hpp"

#include <doctest/doctest.h>

#include <memory>
#include <vector>

using namespace stonechat;
using namespace std::chrono_literals;

namespace {

const SteadyTime origin {};

struct Counter {
    int calls = 0;
    Timer timer { [](void* self) { ++static_cast<Counter*>(self)->calls; }, this };
};

} // namespace

TEST_CASE("timer wheel: a timer fires once, not before its time and at most a quarter of a second after it")
{
    for (const auto delay :
        { 0ms, 1ms, 249ms, 250ms, 251ms, 10000ms, 255999ms, 256000ms, 300000ms, 7200000ms }) {
        CAPTURE(delay.count());
        TimerWheel wheel(origin);
        Counter counter;
        counter.timer.start(wheel, delay);
        CHECK(counter.timer.is_running());
        wheel.advance(origin + delay - 1ms);
        CHECK(counter.calls == 0);
        wheel.advance(origin + delay + 250ms);
        CHECK(counter.calls == 1);
        CHECK_FALSE(counter.timer.is_running());
        CHECK(wheel.empty());
        wheel.advance(origin + delay + 24h);
        CHECK(counter.calls == 1);
    }
}

TEST_CASE("timer wheel: with a clock, a delay counts from now and not from the last turn")
{
    ManualClock clock;
    TimerWheel wheel(clock.steady(), &clock);
    Counter counter;
    clock.advance(200ms);
    counter.timer.start(wheel, 1000ms);
    clock.advance(999ms);
    wheel.advance(clock.steady());
    CHECK(counter.calls == 0);
    clock.advance(251ms);
    wheel.advance(clock.steady());
    CHECK(counter.calls == 1);
}

TEST_CASE("timer wheel: it may stand still for a long time and misses nobody")
{
    TimerWheel wheel(origin);
    std::vector<std::unique_ptr<Counter>> counters;
    for (int i = 0; i < 3000; ++i) {
        counters.push_back(std::make_unique<Counter>());
        counters.back()->timer.start(wheel, i * 250ms);
    }
    wheel.advance(origin + 3000 * 250ms);
    for (const auto& counter : counters) {
        CHECK(counter->calls == 1);
    }
}

TEST_CASE("timer wheel: stopping and restarting")
{
    TimerWheel wheel(origin);
    Counter counter;
    counter.timer.start(wheel, 1s);
    counter.timer.stop();
    CHECK(wheel.empty());
    wheel.advance(origin + 2s);
    CHECK(counter.calls == 0);
    counter.timer.start(wheel, 1s);
    wheel.advance(origin + 2900ms);
    counter.timer.start(wheel, 1s);
    wheel.advance(origin + 3800ms);
    CHECK(counter.calls == 0);
    wheel.advance(origin + 4150ms);
    CHECK(counter.calls == 1);
}

TEST_CASE("timer wheel: a callback may restart itself, stop a neighbour that is due, and destroy its owner")
{
    TimerWheel wheel(origin);
    struct Owner {
        explicit Owner(TimerWheel& on) : wheel(on) {}
        TimerWheel& wheel;
        int calls = 0;
        std::unique_ptr<Counter> neighbour = std::make_unique<Counter>();
        Timer timer { [](void* self) {
                         auto& owner = *static_cast<Owner*>(self);
                         owner.neighbour.reset();
                         if (++owner.calls == 1) {
                             owner.timer.start(owner.wheel, 0ms);
                         }
                     },
            this };
    };
    auto owner = std::make_unique<Owner>(wheel);
    owner->timer.start(wheel, 1s);
    owner->neighbour->timer.start(wheel, 1s);
    wheel.advance(origin + 1s);
    CHECK(owner->calls == 1);
    wheel.advance(origin + 1250ms);
    CHECK(owner->calls == 2);

    struct Suicide {
        explicit Suicide(std::unique_ptr<Suicide>& itself) : self(itself) {}
        std::unique_ptr<Suicide>& self;
        Timer timer { [](void* me) { static_cast<Suicide*>(me)->self.reset(); }, this };
    };
    std::unique_ptr<Suicide> suicide;
    suicide = std::make_unique<Suicide>(suicide);
    suicide->timer.start(wheel, 0ms);
    wheel.advance(origin + 2s);
    CHECK(suicide == nullptr);
    CHECK(wheel.empty());
}

TEST_CASE("timer wheel: whoever turns it is woken by the first timer")
{
    TimerWheel wheel(origin);
    int woken = 0;
    wheel.set_wake([&woken] { ++woken; });
    Counter one;
    Counter two;
    one.timer.start(wheel, 1s);
    two.timer.start(wheel, 1s);
    CHECK(woken == 1);
    one.timer.stop();
    two.timer.stop();
    one.timer.start(wheel, 1s);
    CHECK(woken == 2);
}

TEST_CASE("timer wheel: timers may outlive it")
{
    Counter counter;
    {
        TimerWheel wheel(origin);
        counter.timer.start(wheel, 1s);
    }
    CHECK_FALSE(counter.timer.is_running());
}
