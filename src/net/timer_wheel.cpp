// SPDX-License-Identifier: Apache-2.0
#include "net/timer_wheel.hpp"

#include <algorithm>

namespace stonechat {
namespace {

void make_ring(TimerLink& head)
{
    head.next = head.previous = &head;
}

void append(TimerLink& head, TimerLink& link)
{
    link.previous = head.previous;
    link.next = &head;
    head.previous->next = &link;
    head.previous = &link;
}

void take_out(TimerLink& link)
{
    // NOLINTNEXTLINE(clang-analyzer-core.NullDereference): what is in a ring has neighbours
    link.previous->next = link.next;
    link.next->previous = link.previous;
    link.next = link.previous = nullptr;
}

} // namespace

void Timer::start(TimerWheel& wheel, std::chrono::milliseconds delay)
{
    stop();
    wheel.insert(*this, delay);
}

void Timer::stop()
{
    if (is_running()) {
        wheel_->unlink(*this);
    }
}

TimerWheel::TimerWheel(SteadyTime now, const Clock* clock) : start_(now), now_(now), clock_(clock)
{
    std::for_each(slots_.begin(), slots_.end(), make_ring);
}

TimerWheel::~TimerWheel()
{
    for (TimerLink& slot : slots_) {
        while (slot.next != &slot) {
            unlink(static_cast<Timer&>(*slot.next));
        }
    }
}

void TimerWheel::insert(Timer& timer, std::chrono::milliseconds delay)
{
    const SteadyTime now = clock_ ? std::max(clock_->steady(), now_) : now_;
    const auto ticks = (now - start_ + delay + tick - SteadyTime::duration(1)) / tick;
    // Never choose a tick that has passed already.
    timer.due_tick_ = std::max(static_cast<std::uint64_t>(std::max<decltype(ticks)>(ticks, 0)),
        now_tick_ + 1);
    timer.wheel_ = this;
    append(slots_[timer.due_tick_ % slots], timer);
    if (++running_ == 1 && wake_) {
        wake_();
    }
}

void TimerWheel::unlink(Timer& timer)
{
    take_out(timer);
    --running_;
}

void TimerWheel::collect_due(TimerLink& slot, TimerLink& due) const
{
    for (TimerLink* link = slot.next; link != &slot;) {
        TimerLink* const next = link->next;
        if (static_cast<Timer*>(link)->due_tick_ <= now_tick_) {
            take_out(*link);
            append(due, *link);
        }
        link = next;
    }
}

void TimerWheel::advance(SteadyTime now)
{
    if (now <= now_) {
        return;
    }
    now_ = now;
    const auto target = static_cast<std::uint64_t>((now - start_) / tick);
    // One round visits every slot, however long the wheel was not turned.
    const std::uint64_t steps = std::min<std::uint64_t>(target - now_tick_, slots);
    const std::uint64_t first = target - steps + 1;
    now_tick_ = target;

    // Due timers stay in a ring while callbacks run, so that a callback may stop other timers.
    TimerLink due;
    make_ring(due);
    for (std::uint64_t tick_number = first; tick_number <= target; ++tick_number) {
        collect_due(slots_[tick_number % slots], due);
    }
    while (due.next != &due) {
        Timer& timer = static_cast<Timer&>(*due.next);
        unlink(timer);
        timer.callback_(timer.owner_);
    }
}

} // namespace stonechat
