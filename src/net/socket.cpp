// SPDX-License-Identifier: Apache-2.0
#include "net/socket.hpp"

#include "net/connection_limiter.hpp"
#include "net/ip_prefix.hpp"

#include <netinet/in.h>
#include <netinet/tcp.h>

#include <cstring>

namespace stonechat {

Socket::Socket(Descriptor descriptor, const PeerAddress& peer, ConnectionLimiter* limiter)
    : descriptor_(std::move(descriptor)), peer_(peer), limiter_(limiter)
{}

Socket::Socket(Socket&& other) noexcept
    : descriptor_(std::move(other.descriptor_)), peer_(other.peer_),
      limiter_(std::exchange(other.limiter_, nullptr))
{}

Socket& Socket::operator=(Socket&& other) noexcept
{
    std::swap(descriptor_, other.descriptor_);
    std::swap(peer_, other.peer_);
    std::swap(limiter_, other.limiter_);
    return *this;
}

void Socket::set_peer(const PeerAddress& peer, ConnectionLimiter* limiter)
{
    if (limiter_ != nullptr) {
        limiter_->release(peer_.address);
    }
    peer_ = peer;
    limiter_ = limiter;
}

void Socket::set_options()
{
    // Ignore failure: without the options the socket is slower but works.
    const int on = 1;
    ::setsockopt(get(), IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
    ::setsockopt(get(), SOL_SOCKET, SO_KEEPALIVE, &on, sizeof(on));
}

void Socket::close()
{
    descriptor_.close();
    if (limiter_ != nullptr) {
        std::exchange(limiter_, nullptr)->release(peer_.address);
    }
}

PeerAddress peer_address(const sockaddr_storage& address)
{
    namespace ip = boost::asio::ip;
    PeerAddress peer;
    if (address.ss_family == AF_INET) {
        sockaddr_in v4;
        std::memcpy(&v4, &address, sizeof(v4));
        peer.address = ip::address_v4(ntohl(v4.sin_addr.s_addr));
        peer.port = ntohs(v4.sin_port);
    } else if (address.ss_family == AF_INET6) {
        sockaddr_in6 v6;
        std::memcpy(&v6, &address, sizeof(v6));
        ip::address_v6::bytes_type bytes;
        std::memcpy(bytes.data(), &v6.sin6_addr, sizeof(bytes));
        peer.address = unmapped(ip::address_v6(bytes, v6.sin6_scope_id));
        peer.port = ntohs(v6.sin6_port);
    }
    return peer;
}

} // namespace stonechat
