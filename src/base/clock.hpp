// SPDX-License-Identifier: Apache-2.0
// Clock: the two times of a server. Wall time is for stamps that people see, and may jump; steady time drives
// timers and never jumps. Tests move a ManualClock by hand.
#pragma once

#include <atomic>
#include <chrono>

namespace stonechat {

using WallTime = std::chrono::time_point<std::chrono::system_clock, std::chrono::microseconds>;
using SteadyTime = std::chrono::steady_clock::time_point;

class Clock {
public:
    virtual ~Clock() = default;
    virtual WallTime wall() const = 0;
    virtual SteadyTime steady() const = 0;
};

class SystemClock final : public Clock {
public:
    WallTime wall() const override
    {
        return std::chrono::time_point_cast<std::chrono::microseconds>(std::chrono::system_clock::now());
    }
    SteadyTime steady() const override { return std::chrono::steady_clock::now(); }
};

/// A clock that moves only when told to; readable from any thread.
class ManualClock final : public Clock {
public:
    explicit ManualClock(WallTime start = WallTime(std::chrono::seconds(1'700'000'000))) : start_(start) {}

    WallTime wall() const override { return start_ + std::chrono::microseconds(passed_us_.load()); }
    SteadyTime steady() const override { return SteadyTime(std::chrono::microseconds(passed_us_.load())); }

    void advance(std::chrono::microseconds by) { passed_us_ += by.count(); }

private:
    WallTime start_;
    std::atomic<std::int64_t> passed_us_ { 0 };
};

} // namespace stonechat
