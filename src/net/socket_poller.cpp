// SPDX-License-Identifier: Apache-2.0
#include "net/socket_poller.hpp"

#include "base/prefetch.hpp"

#include <algorithm>
#include <cerrno>
#include <system_error>

namespace stonechat {
namespace {

/// A guest's memory is prefetched this many guests ahead of its turn, and the guest is then prepared once at
/// each guest in between. The turn of one guest is long enough to load what one step has prefetched.
constexpr unsigned guests_ahead = 4;
constexpr std::size_t guest_bytes = 4 * cache_line;

} // namespace

SocketPoller::SocketPoller(Function<void()> wake)
    : wake_(std::move(wake)), epoll_(::epoll_create1(EPOLL_CLOEXEC))
{
    if (!epoll_) {
        throw std::system_error(errno, std::generic_category(), "epoll_create1");
    }
}

bool SocketPoller::add(int fd, SocketEvents& guest)
{
    epoll_event event {};
    event.events = EPOLLIN | EPOLLOUT | EPOLLRDHUP | EPOLLET;
    event.data.ptr = &guest;
    return ::epoll_ctl(epoll_.get(), EPOLL_CTL_ADD, fd, &event) == 0;
}

void SocketPoller::remove(int fd, SocketEvents& guest)
{
    epoll_event ignored {};
    ::epoll_ctl(epoll_.get(), EPOLL_CTL_DEL, fd, &ignored);
    // The guest may be in the batch that is being dispatched.
    for (std::size_t i = next_; i < count_; ++i) {
        if (events_[i].data.ptr == &guest) {
            events_[i].data.ptr = nullptr;
        }
    }
    std::erase(again_, &guest);
    std::replace(calling_.begin(), calling_.end(), &guest, static_cast<SocketEvents*>(nullptr));
}

void SocketPoller::call_again(SocketEvents& guest)
{
    again_.push_back(&guest);
    if (again_.size() == 1) {
        wake_();
    }
}

void SocketPoller::dispatch()
{
    const int ready = ::epoll_wait(epoll_.get(), events_.data(), static_cast<int>(events_.size()), 0);
    count_ = ready > 0 ? static_cast<std::size_t>(ready) : 0;
    for (next_ = 0; next_ < count_;) {
        prepare_those_behind();
        const epoll_event& event = events_[next_++];
        if (event.data.ptr != nullptr) {
            static_cast<SocketEvents*>(event.data.ptr)->on_socket_events(event.events);
        }
    }
    count_ = next_ = 0;
}

void SocketPoller::prepare_those_behind()
{
    for (unsigned step = 0; step < guests_ahead; ++step) {
        const std::size_t index = next_ + guests_ahead - step;
        void* const guest = index < count_ ? events_[index].data.ptr : nullptr;
        if (guest == nullptr) {
            continue;
        }
        if (step == 0) {
            prefetch_lines(guest, guest_bytes);
        } else {
            static_cast<SocketEvents*>(guest)->prepare(step);
        }
    }
}

void SocketPoller::dispatch_again()
{
    calling_.swap(again_);
    for (std::size_t i = 0; i < calling_.size(); ++i) {
        if (SocketEvents* guest = calling_[i]) {
            calling_[i] = nullptr;
            guest->on_socket_events(0);
        }
    }
    calling_.clear();
}

} // namespace stonechat
