// SPDX-License-Identifier: Apache-2.0
#include "event_loop.hpp"

#include <algorithm>
#include <array>
#include <stdexcept>
#include <sys/epoll.h>
#include <unistd.h>

namespace stonechat::bench {
namespace {

epoll_event event_for(Pollable& pollable, bool want_write)
{
    epoll_event event {};
    event.events = EPOLLIN | (want_write ? EPOLLOUT : 0u);
    event.data.ptr = &pollable;
    return event;
}

} // namespace

EventLoop::EventLoop() : epoll_(epoll_create1(EPOLL_CLOEXEC))
{
    if (epoll_ < 0) {
        throw std::runtime_error("epoll_create1 failed");
    }
}

EventLoop::~EventLoop()
{
    close(epoll_);
}

bool EventLoop::add(int descriptor, Pollable& pollable, bool want_write)
{
    auto event = event_for(pollable, want_write);
    return epoll_ctl(epoll_, EPOLL_CTL_ADD, descriptor, &event) == 0;
}

void EventLoop::want_write(int descriptor, Pollable& pollable, bool want)
{
    auto event = event_for(pollable, want);
    epoll_ctl(epoll_, EPOLL_CTL_MOD, descriptor, &event);
}

void EventLoop::remove(int descriptor)
{
    epoll_ctl(epoll_, EPOLL_CTL_DEL, descriptor, nullptr);
}

void EventLoop::poll(std::chrono::milliseconds wait)
{
    std::array<epoll_event, 512> events;
    const int count = epoll_wait(epoll_, events.data(), static_cast<int>(events.size()),
        static_cast<int>(wait.count()));
    for (int i = 0; i < count; ++i) {
        const auto& event = events[static_cast<std::size_t>(i)];
        static_cast<Pollable*>(event.data.ptr)->on_events(event.events);
    }
}

bool EventLoop::run_until(Clock::time_point deadline, const std::function<bool()>& done)
{
    while (!done()) {
        const auto left = std::chrono::ceil<std::chrono::milliseconds>(deadline - Clock::now());
        if (left.count() <= 0) {
            return false;
        }
        poll(std::min(left, std::chrono::milliseconds(100)));
    }
    return true;
}

} // namespace stonechat::bench
