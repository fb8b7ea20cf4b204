// SPDX-License-Identifier: Apache-2.0
//
// A thin epoll loop for the one thread of the load client. Level-triggered: whoever leaves bytes unread is
// told again. A Pollable must outlive the poll() during which it was removed (owners free theirs between
// two polls).
#pragma once

#include <chrono>
#include <cstdint>
#include <functional>

namespace stonechat::bench {

using Clock = std::chrono::steady_clock;

/// Nanoseconds of the steady clock, as they are written into message ids.
inline std::uint64_t now_nanoseconds()
{
    return static_cast<std::uint64_t>(Clock::now().time_since_epoch() / std::chrono::nanoseconds(1));
}

class Pollable {
public:
    virtual void on_events(std::uint32_t events) = 0;

protected:
    ~Pollable() = default;
};

class EventLoop {
public:
    EventLoop();
    ~EventLoop();
    EventLoop(const EventLoop&) = delete;
    EventLoop& operator=(const EventLoop&) = delete;

    bool add(int descriptor, Pollable& pollable, bool want_write);
    void want_write(int descriptor, Pollable& pollable, bool want);
    void remove(int descriptor);

    /// Handles what is there, waiting for at most the given time (rounded to milliseconds) for something.
    void poll(std::chrono::milliseconds wait);

    /// Polls until `done()`, at the latest until `deadline`; answers whether it was done.
    bool run_until(Clock::time_point deadline, const std::function<bool()>& done);

private:
    int epoll_;
};

} // namespace stonechat::bench
