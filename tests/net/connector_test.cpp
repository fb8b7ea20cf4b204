// SPDX-License-Identifier: Apache-2.0
// Connector, over loopback. Ports that refuse, or never answer, are made by sockets of the test.
#include "net/connector.hpp"

#include "loopback.hpp"
#include "tls_files.hpp"

#include <doctest/doctest.h>

#include <boost/asio/ip/tcp.hpp>

#include <poll.h>
#include <sys/resource.h>

#include <filesystem>
#include <iterator>

using namespace stonechat;
using namespace stonechat::test;
using Closing = Transport::Closing;

namespace {

const boost::asio::ip::address loopback = boost::asio::ip::address_v4::loopback();

std::ptrdiff_t open_descriptors()
{
    return std::distance(std::filesystem::directory_iterator("/proc/self/fd"),
        std::filesystem::directory_iterator());
}

/// A port of 127.0.0.1 that belongs to the test, and nobody listens.
class ClosedPort {
public:
    ClosedPort() : descriptor_(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0))
    {
        const boost::asio::ip::tcp::endpoint any(loopback.to_v4(), 0);
        REQUIRE(::bind(get(), any.data(), static_cast<socklen_t>(any.size())) == 0);
        sockaddr_storage bound {};
        socklen_t length = sizeof(bound);
        REQUIRE(::getsockname(get(), reinterpret_cast<sockaddr*>(&bound), &length) == 0);
        address_ = peer_address(bound);
    }

    int get() const { return descriptor_.get(); }
    const PeerAddress& address() const { return address_; }

private:
    Descriptor descriptor_;
    PeerAddress address_;
};

/// A port that answers nobody: its queue is full, and the kernel drops who comes then.
class SilentPort {
public:
    SilentPort()
    {
        REQUIRE(::listen(port_.get(), 0) == 0);
        auto only = TcpTransport::connect(port_.address());
        REQUIRE(only);
        first_ = std::move(*only);
        pollfd queued { port_.get(), POLLIN, 0 };
        REQUIRE(::poll(&queued, 1, 60'000) == 1);
    }

    const PeerAddress& address() const { return port_.address(); }

    /// Makes room in the queue.
    void answer() { CHECK(Descriptor(::accept4(port_.get(), nullptr, nullptr, SOCK_CLOEXEC))); }

private:
    ClosedPort port_;
    Socket first_;
};

/// Waits for one connection.
struct Caller {
    void call(Shard& shard, ConnectOptions options)
    {
        connector = Connector::open(shard, std::move(options), [this](auto result) {
            ++answers;
            if (result) {
                guest.transport = std::move(*result);
            } else {
                failure = std::move(result.error());
            }
            connector.reset(); // as a link does that has what it wanted
        });
    }

    std::unique_ptr<Connector> connector;
    Guest guest;
    std::optional<ConnectFailure> failure;
    int answers = 0;
};

ConnectOptions to(std::vector<PeerAddress> addresses)
{
    ConnectOptions options;
    options.addresses = std::move(addresses);
    return options;
}

} // namespace

TEST_CASE("connector: it connects to a listener, and bytes go both ways")
{
    House house;
    Caller caller;
    caller.call(house.shard, to({ house.address() }));
    CHECK(caller.answers == 0); // from the loop, not from inside the call
    house.until([&] { return caller.answers == 1; });
    REQUIRE(caller.guest.transport);
    CHECK(&caller.guest.transport->shard() == &house.shard);
    CHECK(caller.guest.transport->peer().port == house.address().port);
    CHECK(caller.guest.transport->tls() == nullptr);
    caller.guest.transport->start(caller.guest);
    caller.guest.transport->write("ping");
    Guest& served = house.next_guest();
    house.until([&] { return served.bytes == "ping"; });
    served.transport->write("pong");
    house.until([&] { return caller.guest.bytes == "pong"; });
    house.settle();
    CHECK(caller.answers == 1);
}

TEST_CASE("connector: it connects over IPv6")
{
    const int probe = ::socket(AF_INET6, SOCK_STREAM, 0);
    const Descriptor owner(probe);
    const boost::asio::ip::tcp::endpoint local(boost::asio::ip::address_v6::loopback(), 0);
    if (::bind(probe, local.data(), static_cast<socklen_t>(local.size())) != 0) {
        MESSAGE("no IPv6 here");
        return;
    }
    ListenerOptions options;
    options.address = "::1";
    House house(options);
    Caller caller;
    caller.call(house.shard, to({ house.address() }));
    house.until([&] { return caller.answers == 1; });
    REQUIRE(caller.guest.transport);
    CHECK(caller.guest.transport->peer().address == boost::asio::ip::address_v6::loopback());
}

TEST_CASE("connector: where one address refuses, the next one is tried at once")
{
    ManualClock clock; // stands still, so no deadline and no delay of the wheel passes
    House house({}, nullptr, &clock);
    const ClosedPort closed;
    Caller caller;
    ConnectOptions options = to({ closed.address(), house.address() });
    options.attempt_delay = std::chrono::hours(1);
    caller.call(house.shard, options);
    house.until([&] { return caller.answers == 1; });
    REQUIRE(caller.guest.transport);
    CHECK(caller.guest.transport->peer().port == house.address().port);
}

TEST_CASE(
    "connector: where one address does not answer, the next one is tried beside it (RFC 8305 section 5)")
{
    House house;
    const SilentPort silent;
    const std::ptrdiff_t before = open_descriptors();
    Caller caller;
    ConnectOptions options = to({ silent.address(), house.address() });
    options.deadline = std::chrono::hours(1);
    caller.call(house.shard, options);
    house.until([&] { return caller.answers == 1; });
    REQUIRE(caller.guest.transport);
    CHECK(caller.guest.transport->peer().port == house.address().port);
    house.next_guest();
    CHECK(open_descriptors() == before + 2); // the connection's two ends, and no attempt
}

TEST_CASE("connector: an address is waited for while the others fail, and may still answer")
{
    House house;
    SilentPort silent;
    const ClosedPort closed;
    const SilentPort other;
    Caller caller;
    ConnectOptions options = to({ silent.address(), closed.address(), other.address() });
    options.attempt_delay = std::chrono::milliseconds(1);
    const std::ptrdiff_t before = open_descriptors();
    caller.call(house.shard, options);
    house.until([&] { return open_descriptors() == before + 2; }); // the two that are silent
    CHECK(caller.answers == 0);
    silent.answer();
    house.until([&] { return caller.answers == 1; }); // when the kernel asks again
    REQUIRE(caller.guest.transport);
    CHECK(caller.guest.transport->peer().port == silent.address().port);
}

TEST_CASE("connector: when all addresses have failed, the answer tells why of each")
{
    House house;
    Caller caller;
    SUBCASE("refused")
    {
        const ClosedPort first;
        const ClosedPort second;
        caller.call(house.shard, to({ first.address(), second.address() }));
        house.until([&] { return caller.answers == 1; });
        REQUIRE(caller.failure);
        CHECK(caller.failure->error == ConnectError::refused);
        CHECK(to_text(caller.failure->error) == "refused");
        for (const auto* const port : { &first, &second }) {
            CHECK(caller.failure->text.find("127.0.0.1 port " + std::to_string(port->address().port)
                      + ": Connection refused")
                != std::string::npos);
        }
    }
    SUBCASE("no address")
    {
        caller.call(house.shard, to({}));
        CHECK(caller.answers == 0);
        house.until([&] { return caller.answers == 1; });
        REQUIRE(caller.failure);
        CHECK(caller.failure->error == ConnectError::no_address);
    }
    SUBCASE("no way there")
    {
        // TCP has no way to a multicast address.
        caller.call(house.shard, to({ { boost::asio::ip::make_address("ff02::1"), 5269 } }));
        house.until([&] { return caller.answers == 1; });
        REQUIRE(caller.failure);
        CHECK(caller.failure->error == ConnectError::unreachable);
    }
    house.settle();
    CHECK(caller.answers == 1);
    CHECK_FALSE(caller.guest.transport);
}

TEST_CASE("connector: at the deadline everything ends, however many addresses are left")
{
    ManualClock clock;
    House house({}, nullptr, &clock);
    const SilentPort silent;
    const std::ptrdiff_t before = open_descriptors();
    Caller caller;
    ConnectOptions options = to({ silent.address(), house.address() });
    options.deadline = std::chrono::seconds(5);
    options.attempt_delay = std::chrono::hours(1);
    caller.call(house.shard, options);
    house.settle();
    CHECK(open_descriptors() == before + 1);
    clock.advance(std::chrono::milliseconds(4900));
    house.shard.timers().advance(clock.steady());
    CHECK(caller.answers == 0);
    clock.advance(std::chrono::milliseconds(350));
    house.shard.timers().advance(clock.steady());
    REQUIRE(caller.failure);
    CHECK(caller.failure->error == ConnectError::timed_out);
    CHECK(caller.failure->text.find("no answer") != std::string::npos);
    CHECK(open_descriptors() == before);
    house.settle();
    CHECK(caller.answers == 1);
    CHECK(house.guests.empty());
}

TEST_CASE("connector: a deadline that is over before the first attempt ends it too")
{
    ManualClock clock;
    House house({}, nullptr, &clock);
    Caller caller;
    ConnectOptions options = to({ house.address() });
    options.deadline = std::chrono::milliseconds(0);
    caller.call(house.shard, options);
    clock.advance(std::chrono::seconds(1));
    house.shard.timers().advance(clock.steady());
    REQUIRE(caller.failure);
    CHECK(caller.failure->error == ConnectError::timed_out);
    house.settle();
    CHECK(caller.answers == 1);
    CHECK(house.guests.empty());
}

TEST_CASE("connector: destroyed at any time, it calls nobody and leaves nothing open")
{
    House house;
    const SilentPort silent;
    const std::ptrdiff_t before = open_descriptors();
    Caller caller;
    ConnectOptions options = to({ silent.address(), silent.address(), house.address() });
    options.attempt_delay = std::chrono::milliseconds(1);
    SUBCASE("before it has begun")
    {
        caller.call(house.shard, options);
    }
    SUBCASE("while it waits")
    {
        caller.call(house.shard, to({ silent.address() }));
        house.settle();
        CHECK(open_descriptors() == before + 1);
    }
    SUBCASE("while it waits for two")
    {
        options.addresses.pop_back();
        caller.call(house.shard, options);
        house.until([&] { return open_descriptors() == before + 2; });
    }
    SUBCASE("when the connection is made, and nobody knows yet")
    {
        house.start = false;
        caller.call(house.shard, to({ house.address() }));
        house.until([&] { return open_descriptors() > before; });
    }
    caller.connector.reset();
    house.settle();
    house.guests.clear();
    CHECK(open_descriptors() == before);
    CHECK(caller.answers == 0);
}

TEST_CASE("connector: the connection is closed if nobody wants it")
{
    House house;
    const std::ptrdiff_t before = open_descriptors();
    int answers = 0;
    const auto connector = Connector::open(house.shard, to({ house.address() }), [&](auto) { ++answers; });
    Guest& served = house.next_guest();
    house.until([&] { return answers == 1 && served.closed.has_value(); });
    CHECK(open_descriptors() == before);
}

TEST_CASE("connector: without a free descriptor it fails at once, and says so")
{
    House house;
    rlimit before {};
    ::getrlimit(RLIMIT_NOFILE, &before);
    rlimit low = before;
    low.rlim_cur = 256;
    ::setrlimit(RLIMIT_NOFILE, &low);
    std::vector<Descriptor> hoard;
    for (;;) {
        Descriptor fd(::dup(0));
        if (!fd) {
            break;
        }
        hoard.push_back(std::move(fd));
    }
    Caller caller;
    caller.call(house.shard, to({ house.address(), house.address() }));
    house.until([&] { return caller.answers == 1; });
    hoard.clear();
    ::setrlimit(RLIMIT_NOFILE, &before);
    REQUIRE(caller.failure);
    CHECK(caller.failure->error == ConnectError::no_descriptors);
}

TEST_CASE("connector: direct TLS with SNI and ALPN")
{
    const TlsFiles files;
    const auto other = files.identity("other.example");
    const auto identity = files.identity("example.org");
    auto contexts = TlsContexts::load({ other, identity });
    const auto trust = TlsClientContext::load(identity.certificate_file);
    REQUIRE(contexts.has_value());
    REQUIRE(trust.has_value());
    ListenerOptions listen;
    listen.tls = ListenerTls::direct;
    House house(listen, contexts->get());
    Caller caller;
    ConnectOptions options = to({ house.address() });
    options.direct_tls = DirectTls { trust->get(), { "example.org", { "xmpp-client" } } };
    SUBCASE("the server is the one that was meant")
    {
        caller.call(house.shard, options);
        house.until([&] { return caller.answers == 1; });
        REQUIRE(caller.guest.transport);
        caller.guest.transport->start(caller.guest);
        Guest& served = house.next_guest();
        house.until([&] { return served.tls == 1 && caller.guest.tls == 1; });
        CHECK(served.transport->tls()->server_name() == "example.org");
        CHECK(served.transport->tls()->alpn() == "xmpp-client");
        CHECK(caller.guest.transport->tls()->alpn() == "xmpp-client");
        REQUIRE(caller.guest.transport->tls()->peer_certificate());
        CHECK(caller.guest.transport->tls()->peer_certificate()->is_valid());
        caller.guest.transport->write("ping");
        house.until([&] { return served.bytes == "ping"; });
        served.transport->write("pong");
        house.until([&] { return caller.guest.bytes == "pong"; });
    }
    SUBCASE("it is another one, which the caller learns and may accept")
    {
        options.direct_tls->options.server_name = "other.example";
        caller.call(house.shard, options);
        house.until([&] { return caller.answers == 1; });
        REQUIRE(caller.guest.transport);
        caller.guest.transport->start(caller.guest);
        house.until([&] { return caller.guest.tls == 1; });
        CHECK(caller.guest.transport->tls()->peer_certificate()->problems
            == std::vector { CertificateProblem::unknown_issuer });
    }
    SUBCASE("a valid certificate is required, and this one is not")
    {
        options.direct_tls->options = { "other.example", {}, TlsVerify::require };
        caller.call(house.shard, options);
        house.until([&] { return caller.answers == 1; });
        REQUIRE(caller.guest.transport);
        caller.guest.transport->start(caller.guest);
        caller.guest.transport->write("must not leak");
        Guest& served = house.next_guest();
        house.until([&] { return caller.guest.closed && served.closed; });
        CHECK(caller.guest.closed == Closing::tls_error);
        CHECK(caller.guest.tls == 0);
        CHECK(served.bytes.empty());
    }
}

TEST_CASE("connector: listeners that share their certificates take each only its own protocols")
{
    const TlsFiles files;
    const auto identity = files.identity("example.org");
    auto contexts = TlsContexts::load({ identity });
    const auto trust = TlsClientContext::load(identity.certificate_file);
    REQUIRE(contexts.has_value());
    REQUIRE(trust.has_value());
    ListenerTls kind = ListenerTls::direct;
    SUBCASE("direct TLS") {}
    SUBCASE("STARTTLS")
    {
        kind = ListenerTls::starttls;
    }
    /// What a client that offers `offer` agrees upon at such a port; "refused" if it gets an alert.
    const auto agreed = [&](const ListenerOptions& listen, const AlpnProtocols& offer) {
        House house(listen, contexts->get());
        Caller caller;
        ConnectOptions options = to({ house.address() });
        const TlsClientOptions ours { "example.org", offer, TlsVerify::require };
        if (kind == ListenerTls::direct) {
            options.direct_tls = DirectTls { trust->get(), ours };
        }
        caller.call(house.shard, options);
        house.until([&] { return caller.answers == 1; });
        REQUIRE(caller.guest.transport);
        caller.guest.transport->start(caller.guest);
        Guest& served = house.next_guest();
        if (kind == ListenerTls::starttls) {
            served.transport->tls_upgrade()->start_tls(**contexts, "example.org");
            caller.guest.transport->tls_upgrade()->start_tls_as_client(**trust, ours);
        }
        house.until([&] {
            return (served.tls == 1 && caller.guest.tls == 1) || (served.closed && caller.guest.closed);
        });
        if (served.closed) {
            CHECK(served.closed == Closing::tls_error);
            return std::string("refused");
        }
        CHECK(served.transport->tls()->alpn() == caller.guest.transport->tls()->alpn());
        return served.transport->tls()->alpn();
    };
    ListenerOptions for_clients;
    for_clients.tls = kind;
    ListenerOptions for_servers = for_clients;
    for_servers.alpn = { "xmpp-server" };
    CHECK(agreed(for_clients, { "xmpp-client" }) == "xmpp-client");
    CHECK(agreed(for_clients, { "xmpp-server" }) == "refused");
    CHECK(agreed(for_clients, {}).empty());
    CHECK(agreed(for_servers, { "xmpp-client", "xmpp-server" }) == "xmpp-server");
    CHECK(agreed(for_servers, { "xmpp-client" }) == "refused");
    CHECK(agreed(for_servers, {}).empty());
}

TEST_CASE("connector: a server that never shakes hands is given up after the time of the handshake")
{
    const auto trust = TlsClientContext::load();
    REQUIRE(trust.has_value());
    ManualClock clock;
    House house({}, nullptr, &clock);
    Caller caller;
    ConnectOptions options = to({ house.address() });
    options.direct_tls = DirectTls { trust->get(), { "example.org", {} } };
    options.tls_handshake_seconds = 3;
    caller.call(house.shard, options);
    house.until([&] { return caller.answers == 1; });
    REQUIRE(caller.guest.transport);
    caller.guest.transport->start(caller.guest);
    clock.advance(std::chrono::milliseconds(2900));
    house.shard.timers().advance(clock.steady());
    house.settle();
    CHECK_FALSE(caller.guest.closed);
    clock.advance(std::chrono::milliseconds(500));
    house.shard.timers().advance(clock.steady());
    house.until([&] { return caller.guest.closed.has_value(); });
    CHECK(caller.guest.closed == Closing::tls_error);
}

TEST_CASE("connector: STARTTLS as the client, after clear text, then bytes both ways")
{
    const TlsFiles files;
    const auto identity = files.identity("example.org");
    auto contexts = TlsContexts::load({ identity });
    const auto trust = TlsClientContext::load(identity.certificate_file);
    REQUIRE(contexts.has_value());
    REQUIRE(trust.has_value());
    House house;
    Caller caller;
    caller.call(house.shard, to({ house.address() }));
    house.until([&] { return caller.answers == 1; });
    REQUIRE(caller.guest.transport);
    Transport& ours = *caller.guest.transport;
    ours.start(caller.guest);
    Guest& served = house.next_guest();
    served.when_bytes = [&](std::string_view bytes) {
        if (bytes == "<starttls/>") {
            served.transport->write("<proceed/>");
            served.transport->tls_upgrade()->start_tls(**contexts, "example.org");
        }
    };
    caller.guest.when_bytes = [&](std::string_view bytes) {
        if (bytes == "<proceed/>") {
            REQUIRE(ours.tls_upgrade() != nullptr);
            ours.tls_upgrade()->start_tls_as_client(**trust, { "example.org", {}, TlsVerify::report });
            CHECK(ours.tls() == nullptr);
            ours.write("<stream>"); // collected until the handshake is done, never in clear
        }
    };
    ours.write("<starttls/>");
    house.until([&] { return served.bytes == "<starttls/><stream>"; });
    CHECK(served.tls == 1);
    CHECK(caller.guest.tls == 1);
    served.transport->write("<features/>");
    house.until([&] { return caller.guest.bytes == "<proceed/><features/>"; });
    REQUIRE(ours.tls() != nullptr);
    CHECK(ours.tls()->tls_exporter() == served.transport->tls()->tls_exporter());
    REQUIRE(ours.tls()->peer_certificate());
    CHECK(ours.tls()->peer_certificate()->is_valid());
}
