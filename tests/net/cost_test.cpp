// SPDX-License-Identifier: Apache-2.0
// What connections cost: run by hand in a release build, `test_net --no-skip -tc='cost:*'`. Figures
// are CPU time of the server's process alone; the clients live in a forked one. The numbers are in
// docs/decisions/0007.
#include "net/connection_limiter.hpp"
#include "net/listener.hpp"
#include "net/tcp_transport.hpp"

#include <doctest/doctest.h>

#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>

#include <malloc.h>
#include <sys/epoll.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>

using namespace stonechat;

namespace {

constexpr std::size_t message_bytes = 300;

double cpu_microseconds()
{
    rusage usage {};
    ::getrusage(RUSAGE_SELF, &usage);
    const auto us = [](const timeval& time) {
        return static_cast<double>(time.tv_sec) * 1e6 + static_cast<double>(time.tv_usec);
    };
    return us(usage.ru_utime) + us(usage.ru_stime);
}

std::vector<Socket> connect_many(std::uint16_t port, unsigned count)
{
    std::vector<Socket> sockets;
    for (unsigned i = 0; i < count; ++i) {
        // 127.0.0.2 and so on: one address has too few ports for very many connections.
        const boost::asio::ip::address_v4 address(0x7f000001U + i / 10000);
        auto socket = TcpTransport::connect({ address, port });
        if (!socket) {
            ::_exit(1);
        }
        sockets.push_back(std::move(*socket));
    }
    return sockets;
}

/// Each of `connections` clients sends a message, waits for its echo, sends the next; `messages` in all.
[[noreturn]] void run_clients(std::uint16_t port, unsigned connections, unsigned messages)
{
    const auto sockets = connect_many(port, connections);
    const Descriptor epoll(::epoll_create1(0));
    std::array<char, 4096> block {};
    for (const Socket& socket : sockets) {
        epoll_event event {};
        event.events = EPOLLIN;
        event.data.fd = socket.get();
        ::epoll_ctl(epoll.get(), EPOLL_CTL_ADD, socket.get(), &event);
        ::send(socket.get(), block.data(), message_bytes, 0);
    }
    std::array<epoll_event, 64> events {};
    for (unsigned done = 0; done < messages;) {
        const int count = ::epoll_wait(epoll.get(), events.data(), static_cast<int>(events.size()), -1);
        for (int i = 0; i < count; ++i, ++done) {
            const int fd = events[static_cast<std::size_t>(i)].data.fd;
            ::recv(fd, block.data(), block.size(), 0);
            ::send(fd, block.data(), message_bytes, MSG_NOSIGNAL);
        }
    }
    ::_exit(0);
}

/// The port of a listening socket, and the socket.
std::pair<Descriptor, std::uint16_t> listen_anywhere()
{
    Descriptor descriptor(::socket(AF_INET, SOCK_STREAM, 0));
    const boost::asio::ip::tcp::endpoint any(boost::asio::ip::address_v4::any(), 0);
    ::bind(descriptor.get(), any.data(), static_cast<socklen_t>(any.size()));
    ::listen(descriptor.get(), 4096);
    sockaddr_storage address {};
    socklen_t length = sizeof(address);
    ::getsockname(descriptor.get(), reinterpret_cast<sockaddr*>(&address), &length);
    const std::uint16_t port = peer_address(address).port;
    return { std::move(descriptor), port };
}

Socket accept_one(const Descriptor& listener)
{
    return Socket(Descriptor(::accept4(listener.get(), nullptr, nullptr, SOCK_NONBLOCK)), {}, nullptr);
}

using Server = Function<void(const Descriptor&, unsigned, unsigned)>;

double cost_per_message(Server server, unsigned connections, unsigned messages)
{
    const auto [listener, port] = listen_anywhere();
    const pid_t child = ::fork();
    if (child == 0) {
        run_clients(port, connections, messages);
    }
    const double before = cpu_microseconds();
    server(listener, connections, messages);
    const double spent = cpu_microseconds() - before;
    ::waitpid(child, nullptr, 0);
    return spent / messages;
}

void bare_epoll(const Descriptor& listener, unsigned connections, unsigned messages)
{
    const Descriptor epoll(::epoll_create1(0));
    std::vector<Socket> sockets;
    for (unsigned i = 0; i < connections; ++i) {
        sockets.push_back(accept_one(listener));
        epoll_event event {};
        event.events = EPOLLIN;
        event.data.fd = sockets.back().get();
        ::epoll_ctl(epoll.get(), EPOLL_CTL_ADD, sockets.back().get(), &event);
    }
    std::vector<char> block(65536);
    std::array<epoll_event, 256> events {};
    for (unsigned done = 0; done < messages;) {
        const int count = ::epoll_wait(epoll.get(), events.data(), static_cast<int>(events.size()), -1);
        for (int i = 0; i < count; ++i, ++done) {
            const int fd = events[static_cast<std::size_t>(i)].data.fd;
            const ssize_t size = ::recv(fd, block.data(), block.size(), 0);
            ::send(fd, block.data(), static_cast<std::size_t>(std::max<ssize_t>(size, 0)), MSG_NOSIGNAL);
        }
    }
}

void with_asio_wait(const Descriptor& listener, unsigned connections, unsigned messages)
{
    using Tcp =
        boost::asio::basic_stream_socket<boost::asio::ip::tcp, boost::asio::io_context::executor_type>;
    boost::asio::io_context io(BOOST_ASIO_CONCURRENCY_HINT_UNSAFE_IO);
    std::vector<char> block(65536);
    unsigned done = 0;
    struct Echo {
        Tcp socket;
        std::vector<char>& block;
        unsigned& done;
        unsigned last;
        boost::asio::io_context& io;
        void wait()
        {
            socket.async_wait(Tcp::wait_read, [this](const boost::system::error_code&) {
                const ssize_t size = ::recv(socket.native_handle(), block.data(), block.size(), 0);
                ::send(socket.native_handle(), block.data(),
                    static_cast<std::size_t>(std::max<ssize_t>(size, 0)), MSG_NOSIGNAL);
                if (++done >= last) {
                    io.stop();
                }
                wait();
            });
        }
    };
    std::vector<std::unique_ptr<Echo>> echoes;
    for (unsigned i = 0; i < connections; ++i) {
        const int fd = ::accept4(listener.get(), nullptr, nullptr, SOCK_NONBLOCK);
        Tcp socket(io.get_executor(), boost::asio::ip::tcp::v4(), fd);
        echoes.push_back(std::unique_ptr<Echo>(new Echo { std::move(socket), block, done, messages, io }));
        echoes.back()->wait();
    }
    io.run();
}

void with_transports(const Descriptor& listener, unsigned connections, unsigned messages)
{
    SystemClock clock;
    Shard shard(0, clock);
    unsigned done = 0;
    struct Echo final : Transport::Receiver {
        std::unique_ptr<Transport> transport;
        unsigned& done;
        unsigned last;
        Echo(unsigned& counter, unsigned end) : done(counter), last(end) {}
        void on_bytes(std::string_view bytes) override
        {
            transport->write(bytes);
            if (++done >= last) {
                transport->shard().stop();
            }
        }
        void on_closed(Transport::Closing) override {}
    };
    std::vector<std::unique_ptr<Echo>> echoes;
    for (unsigned i = 0; i < connections; ++i) {
        echoes.push_back(std::make_unique<Echo>(done, messages));
        echoes.back()->transport = std::make_unique<TcpTransport>(shard, accept_one(listener));
        echoes.back()->transport->start(*echoes.back());
    }
    shard.run();
}

} // namespace

TEST_CASE("cost: an echoed message, bare epoll against asio's async_wait against ours" * doctest::skip())
{
    for (const unsigned connections : { 1U, 20U, 500U }) {
        const unsigned messages = connections == 1 ? 50000 : 200000;
        double bare = 1e9;
        double asio = 1e9;
        double ours = 1e9;
        for (int round = 0; round < 5; ++round) { // the best of some: others use the machine too
            bare = std::min(bare, cost_per_message(bare_epoll, connections, messages));
            asio = std::min(asio, cost_per_message(with_asio_wait, connections, messages));
            ours = std::min(ours, cost_per_message(with_transports, connections, messages));
        }
        MESSAGE(connections << " connections, us CPU a message: bare epoll " << bare << ", asio async_wait "
                            << asio << ", TcpTransport " << ours);
    }
}

TEST_CASE("cost: an idle connection" * doctest::skip())
{
    constexpr unsigned connections = 19000;
    struct Idle final : Transport::Receiver {
        void on_bytes(std::string_view) override {}
        unsigned closed = 0;
        void on_closed(Transport::Closing) override { ++closed; }
    };
    SystemClock clock;
    Shard shard(0, clock);
    const auto [listener, port] = listen_anywhere();
    const pid_t child = ::fork();
    if (child == 0) {
        const auto sockets = connect_many(port, connections);
        ::sleep(15); // until the parent has measured
        ::_exit(0);
    }
    std::vector<std::unique_ptr<Transport>> transports;
    transports.reserve(connections);
    Idle idle;
    Timer timer([](void*) {}, nullptr);
    timer.start(shard.timers(), std::chrono::hours(1)); // so that the wheel turns
    const std::size_t before = ::mallinfo2().uordblks;
    for (unsigned i = 0; i < connections; ++i) {
        Socket socket = accept_one(listener);
        REQUIRE(static_cast<bool>(socket)); // or the figures would be those of closed connections
        transports.push_back(std::make_unique<TcpTransport>(shard, std::move(socket)));
        transports.back()->start(idle);
    }
    shard.io().poll();
    const std::size_t after = ::mallinfo2().uordblks;
    const double cpu_before = cpu_microseconds();
    shard.io().run_for(std::chrono::seconds(5));
    const double cpu = cpu_microseconds() - cpu_before;
    CHECK(idle.closed == 0);
    MESSAGE("bytes of heap: " << (after - before) / connections << ", sizeof " << sizeof(TcpTransport)
                              << "; CPU while idle: " << cpu / 5e6 * 100 << " %");
    transports.clear();
    ::waitpid(child, nullptr, 0);
}
