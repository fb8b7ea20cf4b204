// SPDX-License-Identifier: Apache-2.0
// Socket: a connected TCP socket with its peer's address and its count in the ConnectionLimiter, which it
// releases on close. Movable, also to another thread. Owned by the object that uses it.
#pragma once

#include "net/descriptor.hpp"
#include "net/peer_address.hpp"

#include <sys/socket.h>

namespace stonechat {

class ConnectionLimiter;

class Socket {
public:
    Socket() = default;
    /// `limiter`: the limiter that admitted this peer, or null.
    Socket(Descriptor descriptor, const PeerAddress& peer, ConnectionLimiter* limiter);
    Socket(Socket&& other) noexcept;
    Socket& operator=(Socket&& other) noexcept;
    ~Socket() { close(); }

    int get() const { return descriptor_.get(); }
    explicit operator bool() const { return static_cast<bool>(descriptor_); }
    const PeerAddress& peer() const { return peer_; }
    /// Sets the real address of the peer, reported by a proxy. `limiter`: the limiter that admitted this
    /// address, or null.
    void set_peer(const PeerAddress& peer, ConnectionLimiter* limiter);
    /// Sets TCP_NODELAY (output is already collected into large writes) and SO_KEEPALIVE.
    void set_options();
    void close();

private:
    Descriptor descriptor_;
    PeerAddress peer_;
    ConnectionLimiter* limiter_ = nullptr;
};

/// Converts the address given by accept() or getpeername().
PeerAddress peer_address(const sockaddr_storage& address);

} // namespace stonechat
