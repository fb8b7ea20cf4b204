// SPDX-License-Identifier: Apache-2.0
// Socket: a connected TCP socket with the address of its peer, and its place in the ConnectionLimiter,
// which it gives back when it closes. Moves, from thread to thread too. Owned by whoever speaks on it.
#pragma once

#include "net/descriptor.hpp"
#include "net/peer_address.hpp"

#include <sys/socket.h>

namespace stonechat {

class ConnectionLimiter;

class Socket {
public:
    Socket() = default;
    /// `limiter`: has admitted this peer, or null.
    Socket(Descriptor descriptor, const PeerAddress& peer, ConnectionLimiter* limiter);
    Socket(Socket&& other) noexcept;
    Socket& operator=(Socket&& other) noexcept;
    ~Socket() { close(); }

    int get() const { return descriptor_.get(); }
    explicit operator bool() const { return static_cast<bool>(descriptor_); }
    const PeerAddress& peer() const { return peer_; }
    /// A proxy has told who the peer really is; `limiter` has admitted that one, or null.
    void set_peer(const PeerAddress& peer, ConnectionLimiter* limiter);
    /// TCP_NODELAY (what is worth a packet is collected before) and SO_KEEPALIVE.
    void set_options();
    void close();

private:
    Descriptor descriptor_;
    PeerAddress peer_;
    ConnectionLimiter* limiter_ = nullptr;
};

/// What accept() or getpeername() told.
PeerAddress peer_address(const sockaddr_storage& address);

} // namespace stonechat
