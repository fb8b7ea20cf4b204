// SPDX-License-Identifier: Apache-2.0
// TimerWheel: very many coarse timers (a quarter of a second) for one shard. A Timer is a member of
// whatever it wakes; starting and stopping it is a few pointer moves and no allocation. The wheel is
// driven by advance(), so tests turn it by hand. Shard-bound.
#pragma once

#include "base/clock.hpp"

#include <array>
#include <chrono>
#include <cstdint>

namespace stonechat {

class TimerWheel;

/// Wakes its owner once. Stops itself when destroyed.
class Timer {
public:
    using Callback = void (*)(void* owner);

    Timer(Callback callback, void* owner) : callback_(callback), owner_(owner) {}
    Timer(const Timer&) = delete;
    Timer& operator=(const Timer&) = delete;
    ~Timer() { stop(); }

    /// (Re)starts: the callback comes after `delay`, at most a quarter of a second late.
    void start(TimerWheel& wheel, std::chrono::milliseconds delay);
    void stop();
    bool is_running() const { return next_ != nullptr; }

private:
    friend class TimerWheel;
    Timer* next_ = nullptr;
    Timer* previous_ = nullptr;
    TimerWheel* wheel_ = nullptr;
    std::uint64_t due_tick_ = 0;
    Callback callback_;
    void* owner_;
};

class TimerWheel {
public:
    static constexpr std::chrono::milliseconds tick { 250 };

    explicit TimerWheel(SteadyTime now);
    ~TimerWheel();

    /// Fires what is due by `now`. A callback may start and stop any timer, also destroy its owner.
    void advance(SteadyTime now);
    bool empty() const { return running_ == 0; }

private:
    friend class Timer;
    static constexpr std::size_t slots = 1024;

    void insert(Timer& timer, std::chrono::milliseconds delay);
    static void unlink(Timer& timer);

    SteadyTime start_;
    std::uint64_t now_tick_ = 0;
    std::size_t running_ = 0;
    struct Slot {
        Timer* first = nullptr;
    };
    std::array<Slot, slots> slots_;
};

} // namespace stonechat
