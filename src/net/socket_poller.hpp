// SPDX-License-Identifier: Apache-2.0
// SocketPoller: the connections of one shard in their own epoll set. Each is registered once, edge-triggered,
// for reading and writing; in this process it costs only the pointer that the kernel keeps. The shard's
// io_context watches the set as one descriptor (docs/decisions/0007 has the measurements). Owned by the
// shard, used on its thread only.
#pragma once

#include "base/function.hpp"
#include "net/descriptor.hpp"

#include <sys/epoll.h>

#include <array>
#include <cstdint>
#include <vector>

namespace stonechat {

/// An object with a socket. It may remove itself or any other guest while it is called.
class SocketEvents {
public:
    virtual ~SocketEvents() = default;
    /// `events`: the epoll bits that became set since the last call; 0 after `call_again`.
    virtual void on_socket_events(std::uint32_t events) = 0;
    /// Called shortly before on_socket_events, to prefetch the memory that it will use (base/prefetch.hpp).
    /// Called several times with a rising `step` from 1 on, alternating with other guests. Each step may read
    /// what the step before has prefetched.
    virtual void prepare(unsigned step) { static_cast<void>(step); }
};

class SocketPoller {
public:
    /// `wake` must cause a call of `dispatch_again` from the loop.
    explicit SocketPoller(Function<void()> wake);

    /// Watches `fd`. Readiness at this time is reported as an edge. Returns false if the kernel refuses.
    bool add(int fd, SocketEvents& guest);
    /// Stops watching: no call comes after this. `fd` must still be open.
    void remove(int fd, SocketEvents& guest);
    /// Schedules one more call in a later turn, for a guest that leaves bytes unread so that others are
    /// served.
    void call_again(SocketEvents& guest);

    /// Returns the epoll descriptor, which is readable when a guest has events.
    int descriptor() const { return epoll_.get(); }
    /// Calls the guests that have events, a bounded number of them.
    void dispatch();
    void dispatch_again();

private:
    static constexpr std::size_t batch = 64;
    void prepare_those_behind();

    Function<void()> wake_;
    Descriptor epoll_;
    std::array<epoll_event, batch> events_;
    std::size_t next_ = 0;  ///< while dispatching: index of the first event not delivered yet
    std::size_t count_ = 0; ///< while dispatching: number of events
    std::vector<SocketEvents*> again_;
    std::vector<SocketEvents*> calling_;
};

} // namespace stonechat
