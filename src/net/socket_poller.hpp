// SPDX-License-Identifier: Apache-2.0
// SocketPoller: the connections of one shard in an epoll set of their own. Each is registered once,
// edge-triggered, for reading and writing, and costs nothing in this process but the pointer the
// kernel keeps; the shard's io_context watches the set as one descriptor (docs/decisions/0007 has
// the measurements). Owned by the shard, used on its thread only.
#pragma once

#include "base/function.hpp"
#include "net/descriptor.hpp"

#include <sys/epoll.h>

#include <array>
#include <cstdint>
#include <vector>

namespace stonechat {

/// Something with a socket. It may remove itself or any other guest while it is called.
class SocketEvents {
public:
    virtual ~SocketEvents() = default;
    /// `events` are epoll's bits, edges since the last call; 0 after `call_again`.
    virtual void on_socket_events(std::uint32_t events) = 0;
    /// That call will come soon: asks for what it will touch (base/prefetch.hpp). Comes several times with a
    /// rising `step`, from 1 on, and others between; each may read what the one before has asked for.
    virtual void prepare(unsigned step) { static_cast<void>(step); }
};

class SocketPoller {
public:
    /// `wake` has to bring about a call of `dispatch_again` from the loop.
    explicit SocketPoller(Function<void()> wake);

    /// Watches `fd`; what is ready already is told as an edge. False if the kernel refuses.
    bool add(int fd, SocketEvents& guest);
    /// No call comes after this. `fd` must still be open.
    void remove(int fd, SocketEvents& guest);
    /// One more call, in a later turn: for those who leave something unread so that others get theirs.
    void call_again(SocketEvents& guest);

    /// Readable when a guest has events.
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
    std::size_t next_ = 0;  ///< while dispatching: the first event not yet told
    std::size_t count_ = 0; ///< while dispatching: how many there are
    std::vector<SocketEvents*> again_;
    std::vector<SocketEvents*> calling_;
};

} // namespace stonechat
