// SPDX-License-Identifier: Apache-2.0
// TimerWheel: many coarse timers (a quarter of a second) for one shard. A Timer is a member of the object
// that it wakes; starting or stopping it moves a few pointers and allocates nothing. advance() drives the
// wheel, so tests turn it by hand. Belongs to one shard.
#pragma once

#include "base/clock.hpp"
#include "base/function.hpp"

#include <array>
#include <chrono>
#include <cstdint>

namespace stonechat {

class TimerWheel;

/// A link in a ring of timers; the head of a ring is a link too.
struct TimerLink {
    TimerLink* next = nullptr;
    TimerLink* previous = nullptr;
};

/// Wakes its owner once. Stops itself when destroyed.
class Timer : private TimerLink {
public:
    using Callback = void (*)(void* owner);

    Timer(Callback callback, void* owner) : callback_(callback), owner_(owner) {}
    Timer(const Timer&) = delete;
    Timer& operator=(const Timer&) = delete;
    ~Timer() { stop(); }

    /// Starts or restarts the timer. The callback comes after `delay`, never earlier and at most a quarter of
    /// a second late.
    void start(TimerWheel& wheel, std::chrono::milliseconds delay);
    void stop();
    bool is_running() const { return next != nullptr; }

private:
    friend class TimerWheel;
    TimerWheel* wheel_ = nullptr;
    std::uint64_t due_tick_ = 0;
    Callback callback_;
    void* owner_;
};

class TimerWheel {
public:
    static constexpr std::chrono::milliseconds tick { 250 };

    /// Without a clock, time does not move between calls of advance().
    explicit TimerWheel(SteadyTime now, const Clock* clock = nullptr);
    TimerWheel(const TimerWheel&) = delete;
    TimerWheel& operator=(const TimerWheel&) = delete;
    ~TimerWheel();

    /// Fires the timers due by `now`. A callback may start and stop any timer and destroy its owner.
    void advance(SteadyTime now);
    bool empty() const { return running_ == 0; }

    /// `wake` is called when a timer starts while none was running: the wheel must be turned again.
    void set_wake(Function<void()> wake) { wake_ = std::move(wake); }
    /// Returns when advance() must be called next for timers to be on time.
    SteadyTime next_tick() const { return start_ + (now_tick_ + 1) * tick; }

private:
    friend class Timer;
    static constexpr std::size_t slots = 1024;

    void insert(Timer& timer, std::chrono::milliseconds delay);
    void unlink(Timer& timer);
    /// Moves the due timers of `slot` to the ring `due`.
    void collect_due(TimerLink& slot, TimerLink& due) const;

    SteadyTime start_;
    SteadyTime now_;
    const Clock* clock_;
    std::uint64_t now_tick_ = 0;
    std::size_t running_ = 0;
    Function<void()> wake_;
    std::array<TimerLink, slots> slots_;
};

} // namespace stonechat
