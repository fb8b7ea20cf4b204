// SPDX-License-Identifier: Apache-2.0
// TcpTransport and Listener, over loopback, on a shard whose loop the test turns itself.
#include "net/shard_set.hpp"

#include "loopback.hpp"
#include "tls_files.hpp"

#include <doctest/doctest.h>

#include <poll.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

#include <future>
#include <optional>

using namespace stonechat;
using namespace stonechat::test;
using Closing = Transport::Closing;

TEST_CASE("transport: bytes come in and go out, and the peer is known")
{
    House house;
    const Socket client = house.connect();
    Guest& guest = house.next_guest();
    CHECK(guest.transport->peer().address.is_loopback());
    CHECK(guest.transport->peer().port != 0);
    CHECK(&guest.transport->shard() == &house.shard);
    CHECK(guest.transport->tls() == nullptr);
    send_all(client, "hello");
    house.until([&] { return guest.bytes == "hello"; });
    guest.transport->write("one ");
    guest.transport->write_buffer() += "two";
    guest.transport->wrote();
    CHECK(guest.transport->unsent() == 7);
    house.until([&] { return guest.transport->unsent() == 0; });
    CHECK(receive(client) == "one two");
}

TEST_CASE("transport: what one turn collects goes out in one write")
{
    House house;
    const Socket client = house.connect();
    Guest& guest = house.next_guest();
    guest.when_bytes = [&guest](std::string_view) {
        guest.transport->write("a");
        guest.transport->write("b");
        CHECK(guest.transport->unsent() == 2);
    };
    send_all(client, "x");
    house.until([&] { return !guest.bytes.empty() && guest.transport->unsent() == 0; });
    CHECK(receive(client) == "ab");
}

TEST_CASE("transport: what is written for many goes out behind what is for one, and in its own order")
{
    House house;
    std::vector<Socket> clients;
    std::vector<Guest*> guests;
    while (clients.size() < 20) {
        clients.push_back(house.connect());
        guests.push_back(&house.next_guest());
    }
    {
        const Shard::ForMany for_many(house.shard);
        for (Guest* guest : guests) {
            guest->transport->write("for many, ");
        }
    }
    guests.back()->transport->write("for one");
    house.until([&] { return guests.back()->transport->unsent() == 0; });
    CHECK(guests[18]->transport->unsent() > 0);
    CHECK(receive(clients.back()) == "for many, for one");
    house.settle();
    CHECK(receive(clients[18]) == "for many, ");
    CHECK(receive(clients[0]) == "for many, ");
}

TEST_CASE("transport: while reading is paused the kernel keeps the bytes")
{
    House house;
    const Socket client = house.connect();
    Guest& guest = house.next_guest();
    guest.transport->pause_reading();
    CHECK_FALSE(guest.transport->is_reading());
    send_all(client, "hello");
    house.settle();
    CHECK(guest.bytes.empty());
    guest.transport->resume_reading();
    CHECK(guest.bytes.empty()); // not inside the call
    house.until([&] { return guest.bytes == "hello"; });
    guest.transport->pause_reading();
    guest.transport->resume_reading();
    send_all(client, " again");
    house.until([&] { return guest.bytes == "hello again"; });
}

TEST_CASE("transport: pausing inside on_bytes takes effect at once, also when more is waiting")
{
    House house;
    const Socket client = house.connect();
    Guest& guest = house.next_guest();
    guest.transport->pause_reading();
    const std::string text(300 * 1024, 'x');
    std::thread sender([&] { send_all(client, text); });
    int calls = 0;
    guest.when_bytes = [&](std::string_view) {
        ++calls;
        guest.transport->pause_reading();
    };
    for (int rounds = 1; guest.bytes.size() < text.size(); ++rounds) {
        guest.transport->resume_reading();
        house.until([&] { return calls == rounds; });
        house.settle();
        CHECK(calls == rounds);
    }
    sender.join();
    CHECK(guest.bytes == text);
}

TEST_CASE("transport: a peer that closes is told once, after what it sent")
{
    House house;
    std::optional<Socket> client = house.connect();
    Guest& guest = house.next_guest();
    send_all(*client, "bye");
    client.reset();
    house.until([&] { return guest.closed.has_value(); });
    CHECK(guest.bytes == "bye");
    CHECK(guest.closed == Closing::by_peer);
    house.settle();
    CHECK(guest.closed_calls == 1);
    guest.transport->write("too late");
    guest.transport->finish(1);
    guest.transport->abort();
    house.settle();
    CHECK(guest.closed_calls == 1);
}

TEST_CASE("transport: a peer that closes its side only still gets the answer")
{
    House house;
    const Socket client = house.connect();
    Guest& guest = house.next_guest();
    guest.when_bytes = [&guest](std::string_view) { guest.transport->write("answer"); };
    send_all(client, "question");
    ::shutdown(client.get(), SHUT_WR);
    house.until([&] { return guest.closed.has_value(); });
    CHECK(receive(client) == "answer");
    CHECK(receive(client).empty());
}

TEST_CASE("transport: a reset connection is lost, also while reading is paused")
{
    House house;
    for (const bool paused : { false, true }) {
        std::optional<Socket> client = house.connect();
        Guest& guest = house.next_guest();
        if (paused) {
            guest.transport->pause_reading();
        }
        house.settle();
        const linger at_once { 1, 0 };
        ::setsockopt(client->get(), SOL_SOCKET, SO_LINGER, &at_once, sizeof(at_once));
        client.reset();
        house.until([&] { return guest.closed.has_value(); });
        CHECK(guest.closed == Closing::lost);
    }
}

TEST_CASE("transport: finish sends what is waiting, then ends the stream and waits for the peer's end")
{
    House house;
    std::optional<Socket> client = house.connect();
    Guest& guest = house.next_guest();
    guest.transport->write("last words");
    guest.transport->finish(20);
    house.settle();
    CHECK(receive(*client) == "last words");
    CHECK(receive(*client).empty());
    CHECK_FALSE(guest.closed);
    send_all(*client, "ignored");
    house.settle();
    CHECK(guest.bytes.empty());
    client.reset();
    house.until([&] { return guest.closed.has_value(); });
    CHECK(guest.closed == Closing::by_us);
}

TEST_CASE("transport: finish gives up on a peer that never closes")
{
    House house;
    const Socket client = house.connect();
    Guest& guest = house.next_guest();
    guest.transport->pause_reading();
    guest.transport->finish(0);
    house.until([&] { return guest.closed.has_value(); });
    CHECK(guest.closed == Closing::by_us);
}

TEST_CASE("transport: abort closes at once and tells from the loop")
{
    House house;
    const Socket client = house.connect();
    Guest& guest = house.next_guest();
    guest.transport->write("never sent");
    guest.transport->abort();
    CHECK_FALSE(guest.closed);
    house.until([&] { return guest.closed.has_value(); });
    CHECK(guest.closed == Closing::by_us);
    CHECK(receive(client).empty());
}

TEST_CASE("transport: a peer that does not read is waited for, up to the limit (A95)")
{
    House house;
    const Socket client = house.connect();
    Guest& guest = house.next_guest();
    const std::string block(64 * 1024, 'x');
    guest.transport->set_unsent_limit(512 * 1024);
    std::size_t written = 0;
    while (guest.transport->unsent() < 256 * 1024 && !guest.closed) {
        guest.transport->write(block);
        written += block.size();
        house.settle();
    }
    REQUIRE_FALSE(guest.closed);
    CHECK(guest.drained == 0);
    SUBCASE("it reads again")
    {
        std::size_t read = 0;
        while (read < written) {
            std::string bytes(65536, '\0');
            const ssize_t count = ::recv(client.get(), bytes.data(), bytes.size(), MSG_DONTWAIT);
            read += count > 0 ? static_cast<std::size_t>(count) : 0;
            house.settle();
        }
        CHECK(guest.transport->unsent() == 0);
        CHECK(guest.drained == 1);
        CHECK_FALSE(guest.closed);
    }
    SUBCASE("it never does")
    {
        for (int i = 0; i < 5; ++i) {
            guest.transport->write(block);
        }
        CHECK_FALSE(guest.closed); // told from the loop
        house.until([&] { return guest.closed.has_value(); });
        CHECK(guest.closed == Closing::overfull);
        CHECK(guest.transport->unsent() == 0);
    }
    SUBCASE("we finish and it never reads")
    {
        guest.transport->finish(0);
        house.until([&] { return guest.closed.has_value(); });
        CHECK(guest.closed == Closing::by_us);
    }
}

TEST_CASE("transport: what one turn produces is offered to the peer before the peer is judged by it")
{
    House house;
    const Socket client = house.connect();
    Guest& guest = house.next_guest();
    guest.transport->set_unsent_limit(64 * 1024);
    std::string all;
    for (char pending = 'a'; pending <= 'j'; ++pending) {
        const std::string block(10 * 1024, pending);
        guest.transport->write(block);
        all += block;
    }
    std::string read;
    while (read.size() < all.size()) {
        house.settle();
        REQUIRE_FALSE(guest.closed);
        const std::string some = receive(client);
        REQUIRE_FALSE(some.empty());
        read += some;
    }
    CHECK(read == all);
}

TEST_CASE("transport: who has much to say is told when no more is taken, and when more is")
{
    House house;
    const Socket client = house.connect();
    Guest& guest = house.next_guest();
    guest.transport->set_unsent_limit(512 * 1024);
    const std::string block(10 * 1024, 'x');
    std::size_t written = 0;
    while (guest.transport->takes_more()) { // all in one turn: the kernel gets it meanwhile
        guest.transport->write(block);
        written += block.size();
    }
    CHECK(written > Transport::high_mark);
    CHECK(guest.transport->unsent() >= Transport::high_mark);
    CHECK(guest.transport->unsent() < Transport::high_mark + block.size());
    house.settle();
    CHECK(guest.drained == 0);
    CHECK_FALSE(guest.closed);
    for (std::size_t read = 0; read < written;) {
        read += receive(client).size();
        house.settle();
    }
    CHECK(guest.drained == 1);
    CHECK(guest.transport->takes_more());
}

namespace {

/// A peer for whom more is written than the kernel takes, and a clock that the test moves.
struct Crammed {
    Crammed()
    {
        guest.transport->set_stall_timeout(std::chrono::seconds(60));
        fill();
    }

    /// So that there is more than the kernel takes.
    void fill()
    {
        while (guest.transport->takes_more()) {
            guest.transport->write(std::string(64 * 1024, 'x'));
        }
        house.settle();
        REQUIRE_FALSE(guest.closed);
    }

    void waits(std::chrono::seconds time)
    {
        clock.advance(time);
        house.shard.timers().advance(clock.steady());
        house.settle();
    }

    /// So little that the kernel has nothing to tell; until the peer's side has confirmed it.
    void reads_a_little() const
    {
        const auto before = guest.transport->progress().taken;
        while (guest.transport->progress().taken == before) {
            pollfd readable { client.get(), POLLIN, 0 };
            REQUIRE(::poll(&readable, 1, 60'000) == 1);
            std::string bytes(16 * 1024, '\0');
            REQUIRE(::recv(client.get(), bytes.data(), bytes.size(), MSG_DONTWAIT) > 0);
        }
    }

    ManualClock clock;
    House house { {}, nullptr, &clock };
    Socket client = house.connect();
    Guest& guest = house.next_guest();
};

/// Another shard, on a thread of its own, and the transport that has moved there.
class OtherShard {
public:
    OtherShard() { shards_.start(); }
    OtherShard(const OtherShard&) = delete;
    OtherShard& operator=(const OtherShard&) = delete;
    ~OtherShard()
    {
        run([this] { moved.transport.reset(); });
    }

    /// Runs `task` there and waits for the end of its turn.
    void run(Function<void()> task)
    {
        std::promise<void> done;
        shards_[0].post([&] {
            task();
            shards_[0].post([&done] { done.set_value(); });
        });
        done.get_future().wait();
    }

    /// Takes a transport that was detached.
    void attach(std::unique_ptr<Transport> transport)
    {
        run([&] {
            moved.transport = std::move(transport);
            moved.transport->attach(shards_[0], moved);
        });
    }
    bool is_current() { return shards_[0].is_current(); }

    Guest moved;

private:
    SystemClock clock_;
    ShardSet shards_ { 1, clock_ };
};

} // namespace

TEST_CASE(
    "transport: a peer that takes nothing of what waits for it is closed in time, and costs nothing then")
{
    Crammed peer;
    const auto progress = peer.guest.transport->progress();
    CHECK(progress.pending > peer.guest.transport->unsent());
    for (int i = 0; i < 3; ++i) {
        peer.waits(std::chrono::seconds(16));
    }
    CHECK_FALSE(peer.guest.closed);
    peer.waits(std::chrono::seconds(16));
    CHECK(peer.guest.closed == Closing::stalled);
    CHECK(peer.guest.transport->unsent() == 0);
    CHECK(peer.guest.transport->progress().pending == 0);
}

TEST_CASE("transport: a peer that reads slowly is never closed, however long it takes")
{
    Crammed peer;
    for (int i = 0; i < 20; ++i) {
        peer.waits(std::chrono::seconds(45));
        REQUIRE_FALSE(peer.guest.closed);
        peer.reads_a_little();
    }
    peer.fill();
    // It stops. What is still on its way may count once more.
    for (int i = 0; i < 20 && !peer.guest.closed; ++i) {
        peer.waits(std::chrono::seconds(16));
    }
    CHECK(peer.guest.closed == Closing::stalled);
}

TEST_CASE("transport: a peer for whom nothing waits may be silent as long as it likes")
{
    Crammed peer;
    while (peer.guest.transport->progress().pending > 0) {
        receive(peer.client);
        peer.house.settle();
    }
    for (int i = 0; i < 10; ++i) {
        peer.waits(std::chrono::seconds(60));
    }
    CHECK_FALSE(peer.guest.closed);
}

TEST_CASE("transport: destroying it closes the socket, whatever is under way")
{
    House house;
    const Socket client = house.connect();
    const Socket other = house.connect();
    house.next_guest();
    house.until([&] { return house.guests.size() == 2; });
    // Both have events in the same turn; the first that is called destroys the other.
    for (int i = 0; i < 2; ++i) {
        Guest& self = *house.guests[static_cast<std::size_t>(i)];
        Guest& neighbour = *house.guests[static_cast<std::size_t>(1 - i)];
        self.when_bytes = [&neighbour](std::string_view) { neighbour.transport.reset(); };
    }
    house.guests[0]->transport->write("unsent");
    house.guests[1]->transport->write("unsent");
    send_all(client, "x");
    send_all(other, "x");
    house.settle();
    CHECK((house.guests[0]->transport == nullptr) != (house.guests[1]->transport == nullptr));
    CHECK(house.guests[0]->closed_calls + house.guests[1]->closed_calls == 0);
}

TEST_CASE("transport: it moves to another shard with unread bytes")
{
    const TlsFiles files;
    const auto identity = files.identity("example.org");
    auto contexts = TlsContexts::load({ identity });
    REQUIRE(contexts.has_value());
    for (const bool with_tls : { false, true }) {
        CAPTURE(with_tls);
        ListenerOptions options;
        options.tls = with_tls ? ListenerTls::direct : ListenerTls::none;
        House house(options, contexts->get());
        Guest client;
        auto engine = with_tls ? client_engine("example.org", identity.certificate_file) : nullptr;
        client.transport = std::make_unique<TcpTransport>(house.shard, house.connect(), std::move(engine));
        client.transport->start(client);
        Guest& guest = house.next_guest();
        house.until([&] { return !with_tls || (guest.tls == 1 && client.tls == 1); });
        guest.transport->pause_reading();
        client.transport->write("before");
        house.until([&] { return client.transport->unsent() == 0; });
        guest.transport->detach();

        OtherShard other;
        Guest& moved = other.moved;
        moved.when_bytes = [&](std::string_view) {
            CHECK(other.is_current());
            moved.transport->write(moved.bytes == "before" ? "first" : "second");
        };
        other.attach(std::move(guest.transport));
        other.run([&] { moved.transport->resume_reading(); });
        house.until([&] { return client.bytes == "first"; });
        client.transport->write(" and after");
        house.until([&] { return client.bytes == "firstsecond"; });
        other.run([&] { CHECK(moved.bytes == "before and after"); });
        CHECK(guest.bytes.empty());
    }
}

TEST_CASE("transport: it moves to another shard with output that its peer does not read")
{
    House house;
    std::optional<Socket> peer = house.connect();
    Guest& guest = house.next_guest();
    guest.transport->set_unsent_limit(64 * 1024 * 1024);
    const std::string much(16 * 1024 * 1024, 'x'); // more than the kernel takes
    guest.transport->write(much);
    house.settle();
    REQUIRE(guest.transport->unsent() > 0);
    guest.transport->detach();

    OtherShard other;
    other.attach(std::move(guest.transport));
    other.run([&] { other.moved.transport->write("end"); });
    std::string got;
    while (got.size() < much.size() + 3) {
        char buffer[64 * 1024];
        const ssize_t count = ::recv(peer->get(), buffer, sizeof buffer, 0);
        REQUIRE(count > 0);
        got.append(buffer, static_cast<std::size_t>(count));
    }
    CHECK(got == much + "end");
}

TEST_CASE("transport: one that has closed while it moves says so on the other shard")
{
    House house;
    house.connect();
    Guest& guest = house.next_guest();
    guest.transport->abort();
    guest.transport->detach();
    OtherShard other;
    other.attach(std::move(guest.transport));
    other.run([&] { CHECK(other.moved.closed == Closing::by_us); });
    CHECK(guest.closed_calls == 0);
}

TEST_CASE("transport: STARTTLS after clear text, then bytes both ways")
{
    const TlsFiles files;
    const auto identity = files.identity("example.org");
    auto contexts = TlsContexts::load({ identity });
    REQUIRE(contexts.has_value());
    House house;
    std::optional<Socket> raw = house.connect();
    Guest& guest = house.next_guest();
    guest.when_bytes = [&](std::string_view bytes) {
        if (bytes == "<starttls/>") {
            guest.transport->write("<proceed/>");
            guest.transport->tls_upgrade()->start_tls(**contexts, "localhost");
            CHECK(guest.transport->tls() == nullptr);
        }
    };
    guest.when_tls = [&] { guest.transport->write("welcome"); };
    send_all(*raw, "<starttls/>");
    house.until([&] { return !guest.bytes.empty(); });
    house.settle();
    CHECK(receive(*raw) == "<proceed/>");

    Guest client;
    Socket copy(Descriptor(::dup(raw->get())), raw->peer(), nullptr);
    raw.reset(); // or the connection would outlive the client
    client.transport = std::make_unique<TcpTransport>(house.shard, std::move(copy),
        client_engine("example.org", identity.certificate_file, { "xmpp-client" }));
    client.transport->start(client);
    client.transport->write("early"); // collected until the handshake is done, never in clear
    house.until([&] { return guest.bytes == "<starttls/>early" && client.bytes == "welcome"; });
    CHECK(guest.tls == 1);
    REQUIRE(guest.transport->tls() != nullptr);
    CHECK(guest.transport->tls()->version() == "TLSv1.3");
    CHECK(guest.transport->tls()->alpn() == "xmpp-client");

    const std::string large(700 * 1024, 'z');
    guest.transport->write(large);
    house.until([&] { return client.bytes.size() == large.size() + 7; });
    CHECK(guest.drained == 1);
    guest.transport->write("the end");
    guest.transport->finish(20);
    house.until([&] { return client.closed.has_value() && guest.closed.has_value(); });
    CHECK(client.bytes.ends_with("the end"));
    CHECK(client.closed == Closing::by_peer);
    CHECK(guest.closed == Closing::by_us);
}

// RFC 6120 §5.4.3.2-1
TEST_CASE("transport: a handshake that fails is a TLS error, and the client sees an alert, not text")
{
    const TlsFiles files;
    auto contexts = TlsContexts::load({ files.identity("example.org") });
    REQUIRE(contexts.has_value());
    ListenerOptions options;
    options.tls = ListenerTls::direct;
    House house(options, contexts->get());
    const Socket client = house.connect();
    Guest& guest = house.next_guest();
    guest.transport->write("must not leak");
    send_all(client, "GET / HTTP/1.1\r\nHost: example.org\r\n\r\n");
    house.until([&] { return guest.closed.has_value(); });
    CHECK(guest.closed == Closing::tls_error);
    CHECK(guest.bytes.empty());
    CHECK(receive(client).find("must not leak") == std::string::npos);
}

TEST_CASE("transport: the TLS handshake has an absolute deadline (A2)")
{
    const TlsFiles files;
    auto contexts = TlsContexts::load({ files.identity("example.org") });
    REQUIRE(contexts.has_value());
    ManualClock clock;
    Log log;
    Shard shard(0, clock);
    ConnectionLimiter limiter({}, clock);
    Guest guest;
    int fds[2];
    REQUIRE(::socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0, fds) == 0);
    const Descriptor peer(fds[1]);
    guest.transport = std::make_unique<TcpTransport>(shard, Socket(Descriptor(fds[0]), {}, nullptr),
        TlsEngine::server(**contexts), 10);
    guest.transport->start(guest);
    for (int second = 0; second < 9; ++second) {
        // One byte of a record header, then of a ClientHello that never ends.
        REQUIRE(::send(peer.get(), second == 0 ? "\x16" : "\x03", 1, MSG_NOSIGNAL) == 1);
        clock.advance(std::chrono::seconds(1));
        shard.timers().advance(clock.steady());
        shard.io().poll();
        REQUIRE_FALSE(guest.closed);
    }
    clock.advance(std::chrono::milliseconds(1250));
    shard.timers().advance(clock.steady());
    shard.io().poll();
    CHECK(guest.closed == Closing::tls_error);
}

TEST_CASE("listener: an address that is taken is an error with address and port in it")
{
    House house;
    ListenerOptions options;
    options.address = "127.0.0.1";
    options.port = house.listener->port();
    const auto nobody = [](Shard&, std::unique_ptr<Transport>) {};
    const auto second = Listener::open(options, { &house.shard }, nullptr, house.limiter, house.log, nobody);
    REQUIRE_FALSE(second.has_value());
    CHECK(second.error().find("127.0.0.1 port " + std::to_string(options.port)) != std::string::npos);
    options.address = "localhost";
    CHECK_FALSE(
        Listener::open(options, { &house.shard }, nullptr, house.limiter, house.log, nobody).has_value());
    options.address = "127.0.0.1";
    options.port = 0;
    options.tls = ListenerTls::direct;
    CHECK_FALSE(
        Listener::open(options, { &house.shard }, nullptr, house.limiter, house.log, nobody).has_value());
    options.tls = ListenerTls::none;
    options.proxy_protocol_from = { "nonsense" };
    CHECK_FALSE(
        Listener::open(options, { &house.shard }, nullptr, house.limiter, house.log, nobody).has_value());
}

TEST_CASE("listener: '::' takes IPv4 as well, whose addresses look like IPv4")
{
    House house;
    ListenerOptions options;
    options.port = 0;
    Guest guest;
    auto opened = Listener::open(options, { &house.shard }, nullptr, house.limiter, house.log,
        [&](Shard&, std::unique_ptr<Transport> transport) { guest.transport = std::move(transport); });
    REQUIRE(opened.has_value());
    const auto client = TcpTransport::connect({ boost::asio::ip::address_v4::loopback(), (*opened)->port() });
    REQUIRE(client);
    house.until([&] { return guest.transport != nullptr; });
    CHECK(guest.transport->peer().address == boost::asio::ip::address_v4::loopback());
}

TEST_CASE(
    "listener: connections over the limit are closed without a byte, and a place is free when one ends (A3)")
{
    House house;
    house.limits.per_prefix = 2;
    house.limiter.set_limits(house.limits);
    std::optional<Socket> first = house.connect();
    const Socket second = house.connect();
    const Socket third = house.connect();
    house.until([&] { return house.guests.size() == 2; });
    house.settle();
    CHECK(receive(third).empty());
    CHECK(house.guests.size() == 2);
    first.reset();
    house.until([&] { return house.guests[0]->closed.has_value(); });
    const Socket fourth = house.connect();
    house.next_guest();
    CHECK(house.guests.size() == 3);
    house.guests.clear();
    house.guests.reserve(2);
    const Socket fifth = house.connect();
    house.next_guest();
}

TEST_CASE("listener: closed, it takes nobody, and those inside stay")
{
    House house;
    const Socket client = house.connect();
    Guest& guest = house.next_guest();
    const std::uint16_t port = house.listener->port();
    house.listener->close();
    CHECK_FALSE(TcpTransport::connect({ boost::asio::ip::address_v4::loopback(), port }));
    send_all(client, "x");
    house.until([&] { return guest.bytes == "x"; });
    house.listener->close();
}

TEST_CASE("listener: without a free descriptor callers are turned away, and later ones get in (A4)")
{
    House house;
    house.start = false;
    rlimit before {};
    ::getrlimit(RLIMIT_NOFILE, &before);
    std::vector<Socket> clients;
    for (int i = 0; i < 3; ++i) {
        clients.push_back(house.connect());
    }
    // Everything that is free is taken, so that accept() fails.
    std::vector<Descriptor> hoard;
    rlimit low = before;
    low.rlim_cur = 256;
    ::setrlimit(RLIMIT_NOFILE, &low);
    for (;;) {
        Descriptor fd(::dup(0));
        if (!fd) {
            break;
        }
        hoard.push_back(std::move(fd));
    }
    house.settle();
    CHECK(house.guests.empty());
    for (const Socket& client : clients) {
        CHECK(receive(client).empty()); // closed, not left waiting
    }
    // No spin: nothing happens until the pause is over.
    CHECK(house.shard.io().poll() == 0);
    hoard.clear();
    ::setrlimit(RLIMIT_NOFILE, &before);
    const Socket later = house.connect();
    house.next_guest();
}

TEST_CASE("listener: a trusted proxy tells who its peer is (A12)")
{
    ListenerOptions options;
    options.proxy_protocol_from = { "127.0.0.0/8" };
    House house(options);
    const std::string header("\r\n\r\n\0\r\nQUIT\n\x21\x11\0\x0c\xc0\0\x02\x07\x0a\0\0\x01\xd4\x31\x14\x66",
        28);
    SUBCASE("in one piece with the stream behind it")
    {
        const Socket client = house.connect();
        send_all(client, header + "<stream>");
        Guest& guest = house.next_guest();
        CHECK(guest.transport->peer().address.to_string() == "192.0.2.7");
        CHECK(guest.transport->peer().port == 54321);
        house.until([&] { return guest.bytes == "<stream>"; });
    }
    SUBCASE("byte by byte")
    {
        const Socket client = house.connect();
        for (const char c : header) {
            send_all(client, std::string_view(&c, 1));
            house.settle();
        }
        house.until([&] { return house.guests.size() == 1; });
        CHECK(house.guests[0]->transport->peer().address.to_string() == "192.0.2.7");
    }
    SUBCASE("the limits are those of the real peer")
    {
        house.limits.per_prefix = 1;
        house.limiter.set_limits(house.limits);
        const Socket one = house.connect();
        send_all(one, header);
        house.next_guest();
        const Socket two = house.connect();
        send_all(two, header);
        house.until([&] { return is_ended(two); });
        CHECK(house.limiter.admit(boost::asio::ip::make_address("198.51.100.1")));
        CHECK(house.guests.size() == 1);
    }
    SUBCASE("no header, or version 1")
    {
        for (const char* const text :
            { "<?xml version='1.0'?>", "PROXY TCP4 192.0.2.7 10.0.0.1 54321 5222\r\n" }) {
            const Socket client = house.connect();
            send_all(client, text);
            house.until([&] { return is_ended(client); });
        }
        CHECK(house.guests.empty());
    }
    SUBCASE("one that never tells is still there when the shard ends")
    {
        const Socket client = house.connect();
        send_all(client, header.substr(0, 10));
        house.settle();
    }
}

TEST_CASE("listener: where proxies are expected, others are closed (A12)")
{
    ListenerOptions options;
    options.proxy_protocol_from = { "192.0.2.0/24" };
    House house(options);
    const Socket client = house.connect();
    house.shard.io().run_one();
    house.settle();
    CHECK(receive(client).empty());
    CHECK(house.guests.empty());
}

TEST_CASE("listener: connections are spread over the shards, each on its own thread")
{
    SystemClock clock;
    Log log;
    ConnectionLimiter limiter({ .per_prefix = 0, .per_second = 0, .exempt = {} }, clock);
    ShardSet shards(3, clock);
    struct Echo : Guest {
        void on_bytes(std::string_view more) override { transport->write(more); }
    };
    std::vector<std::vector<std::unique_ptr<Echo>>> echoes(3);
    ListenerOptions options;
    options.address = "127.0.0.1";
    options.port = 0;
    auto opened = Listener::open(options, shards.all(), nullptr, limiter, log,
        [&](Shard& shard, std::unique_ptr<Transport> transport) {
            CHECK(shard.is_current());
            auto& mine = echoes[shard.index()];
            mine.push_back(std::make_unique<Echo>());
            mine.back()->transport = std::move(transport);
            mine.back()->transport->start(*mine.back());
        });
    REQUIRE(opened.has_value());
    shards.start();
    std::vector<Socket> clients;
    for (int i = 0; i < 30; ++i) {
        auto client = TcpTransport::connect({ boost::asio::ip::address_v4::loopback(), (*opened)->port() });
        REQUIRE(client);
        clients.push_back(std::move(*client));
    }
    for (const Socket& client : clients) {
        send_all(client, "ping");
    }
    for (const Socket& client : clients) {
        CHECK(receive(client) == "ping");
    }
    shards.stop();
    for (auto& mine : echoes) {
        CHECK(mine.size() == 10);
        mine.clear();
    }
}
