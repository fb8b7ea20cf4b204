// SPDX-License-Identifier: Apache-2.0
// A listener over loopback, on a shard whose loop the test turns itself, and the ends of its connections.
#pragma once

#include "net/connection_limiter.hpp"
#include "net/listener.hpp"
#include "net/shard.hpp"
#include "net/tcp_transport.hpp"

#include <doctest/doctest.h>

#include <sys/socket.h>

#include <cerrno>
#include <chrono>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace stonechat::test {

/// Notes everything it is told.
struct Guest : Transport::Receiver {
    std::unique_ptr<Transport> transport;
    std::string bytes;
    std::optional<Transport::Closing> closed;
    int tls = 0;
    int drained = 0;
    int closed_calls = 0;
    Function<void(std::string_view)> when_bytes;
    Function<void()> when_tls;

    void on_bytes(std::string_view more) override
    {
        bytes += more;
        if (when_bytes) {
            when_bytes(more);
        }
    }
    void on_tls_established() override
    {
        ++tls;
        if (when_tls) {
            when_tls();
        }
    }
    void on_drained() override { ++drained; }
    void on_closed(Transport::Closing why) override
    {
        closed = why;
        ++closed_calls;
    }
};

/// One shard, a listener on it, and who came in.
struct House {
    SystemClock system;
    const Clock& clock;
    Log log;
    ConnectionLimits limits { .per_prefix = 0, .per_second = 0, .exempt = {} };
    ConnectionLimiter limiter { limits, clock };
    Shard shard { 0, clock }; // goes before the limiter: its mail may hold a connection
    std::vector<std::unique_ptr<Guest>> guests;
    std::unique_ptr<Listener> listener;
    boost::asio::ip::address host;
    bool start = true; ///< who comes in

    explicit House(ListenerOptions options = {}, TlsContexts* tls = nullptr, const Clock* by_hand = nullptr)
        : clock(by_hand == nullptr ? system : *by_hand)
    {
        if (options.address == "::") {
            options.address = "127.0.0.1";
        }
        options.port = 0;
        host = boost::asio::ip::make_address(options.address);
        auto opened = Listener::open(options, { &shard }, tls, limiter, log,
            [this](Shard&, std::unique_ptr<Transport> transport) {
                guests.push_back(std::make_unique<Guest>());
                guests.back()->transport = std::move(transport);
                if (start) {
                    guests.back()->transport->start(*guests.back());
                }
            });
        REQUIRE(opened.has_value());
        listener = std::move(*opened);
    }

    template <class Condition> void until(Condition condition)
    {
        while (!condition()) {
            REQUIRE(shard.io().run_one_for(std::chrono::seconds(20)) == 1);
        }
    }
    void settle() { shard.io().poll(); }

    PeerAddress address() const { return { host, listener->port() }; }

    Socket connect() const
    {
        auto socket = TcpTransport::connect(address());
        REQUIRE(socket);
        return std::move(*socket);
    }

    Guest& next_guest()
    {
        const std::size_t before = guests.size();
        until([&] { return guests.size() > before; });
        return *guests.back();
    }
};

inline void send_all(const Socket& socket, std::string_view bytes)
{
    while (!bytes.empty()) {
        const ssize_t count = ::send(socket.get(), bytes.data(), bytes.size(), MSG_NOSIGNAL);
        REQUIRE(count > 0);
        bytes.remove_prefix(static_cast<std::size_t>(count));
    }
}

/// Waits for something; empty = end of stream or reset.
inline std::string receive(const Socket& socket)
{
    std::string bytes(65536, '\0');
    const ssize_t count = ::recv(socket.get(), bytes.data(), bytes.size(), 0);
    bytes.resize(count > 0 ? static_cast<std::size_t>(count) : 0);
    return bytes;
}

/// Whether the other side has closed it, without a byte before.
inline bool is_ended(const Socket& socket)
{
    char byte = 0;
    const ssize_t count = ::recv(socket.get(), &byte, 1, MSG_DONTWAIT);
    REQUIRE(count <= 0);
    return count == 0 || errno == ECONNRESET;
}

} // namespace stonechat::test
