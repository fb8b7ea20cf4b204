// SPDX-License-Identifier: Apache-2.0
#include "net/listener.hpp"

#include "net/connection_limiter.hpp"
#include "net/ip_prefix.hpp"
#include "net/proxy_protocol.hpp"
#include "net/shard.hpp"
#include "net/socket.hpp"
#include "net/tcp_transport.hpp"

#include <boost/asio/ip/tcp.hpp>

#include <netinet/in.h>
#include <sys/socket.h>

#include <cerrno>
#include <cstring>

namespace stonechat {
namespace {

using boost::asio::ip::tcp;

/// Most connections accepted in one turn of the loop, so that a flood does not delay existing connections.
constexpr unsigned accepts_per_turn = 64;
/// When descriptors have run out: number of connections closed at once, and the pause after that.
constexpr unsigned turned_away_per_pause = 16;
constexpr std::chrono::milliseconds pause_without_descriptors(500);
/// Short, because a proxy sends its header with the first packet.
constexpr std::chrono::seconds proxy_header_deadline(5);

/// Data shared by a listener's connections on all shards. Lives as long as one of them waits for its proxy
/// header.
struct Reception {
    ListenerOptions options;
    std::vector<IpPrefix> proxies;
    TlsContexts* tls;
    ConnectionLimiter& limiter;
    Log& log;
    Listener::Accepted accepted;

    bool trusts(const PeerAddress& peer) const
    {
        return std::any_of(proxies.begin(), proxies.end(),
            [&peer](const IpPrefix& prefix) { return prefix.contains(peer.address); });
    }

    /// Counts a connection. A refusal (too many connections, or a ban) is only logged; the peer is not told.
    bool admits(const PeerAddress& peer) const
    {
        const Admission admission = limiter.admit(peer.address);
        const std::string from = peer.address.to_string();
        if (admission.ban) {
            log.info("connection refused",
                { { "peer", from }, { "why", "banned" }, { "until", end_text(*admission.ban) } });
        } else if (!admission) {
            log.info("connection refused", { { "peer", from }, { "why", admission.refused } });
        }
        return static_cast<bool>(admission);
    }

    void introduce(Shard& shard, Socket socket) const
    {
        auto engine = options.tls == ListenerTls::direct ? TlsEngine::server(*tls, {}, options.alpn)
                                                         : nullptr;
        accepted(shard,
            std::make_unique<TcpTransport>(shard, std::move(socket), std::move(engine),
                options.tls_handshake_seconds, options.alpn));
    }
};

/// A connection from a proxy that has not sent its header yet. Kept by its shard.
class ProxyGreeting final : private SocketEvents {
public:
    static void begin(Shard& shard, std::shared_ptr<const Reception> reception, Socket socket)
    {
        auto greeting = std::make_shared<ProxyGreeting>(shard, std::move(reception), std::move(socket));
        if (shard.sockets().add(greeting->socket_.get(), *greeting)) {
            greeting->deadline_.start(shard.timers(), proxy_header_deadline);
            shard.keep(std::move(greeting));
        }
    }

    ProxyGreeting(Shard& shard, std::shared_ptr<const Reception> reception, Socket socket)
        : shard_(shard), reception_(std::move(reception)), socket_(std::move(socket)),
          deadline_([](void* self) { static_cast<ProxyGreeting*>(self)->end(); }, this)
    {}
    ~ProxyGreeting() override
    {
        if (socket_) {
            shard_.sockets().remove(socket_.get(), *this);
        }
    }

private:
    void on_socket_events(std::uint32_t events) override
    {
        if ((events & ~static_cast<std::uint32_t>(EPOLLOUT)) == 0) {
            return;
        }
        // Read no byte beyond the header: the rest belongs to the stream.
        for (ProxyHeader header = parse_proxy_header(received_);;) {
            switch (header.state) {
            case ProxyHeader::State::incomplete: break;
            case ProxyHeader::State::invalid:
                reception_->log.info("proxy header refused",
                    { { "peer", socket_.peer().address.to_string() } });
                end();
                return;
            case ProxyHeader::State::complete: pass_on(header); return;
            }
            const std::size_t before = received_.size();
            received_.resize(header.length);
            const ssize_t count = ::recv(socket_.get(), received_.data() + before, received_.size() - before,
                MSG_DONTWAIT);
            received_.resize(before + static_cast<std::size_t>(std::max<ssize_t>(count, 0)));
            if (count < 0 && (errno == EAGAIN || errno == EWOULDBLOCK || errno == EINTR)) {
                return;
            }
            if (count <= 0) {
                end();
                return;
            }
            header = parse_proxy_header(received_);
        }
    }

    void pass_on(const ProxyHeader& header)
    {
        shard_.sockets().remove(socket_.get(), *this);
        Socket socket = std::move(socket_);
        Shard& shard = shard_;
        const auto reception = reception_;
        if (header.source) {
            if (!reception->admits(*header.source)) {
                end();
                return;
            }
            socket.set_peer(*header.source, &reception->limiter);
        }
        end();
        reception->introduce(shard, std::move(socket));
    }

    /// Destroys this object.
    void end() { shard_.dismiss(this); }

    Shard& shard_;
    std::shared_ptr<const Reception> reception_;
    Socket socket_;
    Timer deadline_;
    std::string received_;
};

std::string sentence(const ListenerOptions& options, const char* verb, int error)
{
    return std::string("cannot ") + verb + " " + options.address + " port " + std::to_string(options.port)
        + ": " + std::strerror(error);
}

Result<Descriptor, std::string> bind_to(const ListenerOptions& options)
{
    boost::system::error_code error;
    const auto address = boost::asio::ip::make_address(options.address, error);
    if (error) {
        return "cannot listen on " + options.address + " port " + std::to_string(options.port)
            + ": it is not an IP address";
    }
    const auto open = [](int family) {
        return Descriptor(::socket(family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0));
    };
    tcp::endpoint endpoint(address, options.port);
    Descriptor descriptor = open(endpoint.protocol().family());
    if (!descriptor && errno == EAFNOSUPPORT && address.is_v6() && address.is_unspecified()) {
        // A machine without IPv6: "::" then means all IPv4 addresses.
        endpoint = tcp::endpoint(tcp::v4(), options.port);
        descriptor = open(AF_INET);
    }
    if (!descriptor) {
        return sentence(options, "open", errno);
    }
    const int on = 1;
    const int off = 0;
    ::setsockopt(descriptor.get(), SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on));
    if (endpoint.address().is_v6()) {
        const bool everywhere = endpoint.address().is_unspecified();
        ::setsockopt(descriptor.get(), IPPROTO_IPV6, IPV6_V6ONLY, everywhere ? &off : &on, sizeof(on));
    }
    if (::bind(descriptor.get(), endpoint.data(), static_cast<socklen_t>(endpoint.size())) != 0) {
        return sentence(options, "bind", errno);
    }
    return descriptor;
}

Result<Descriptor, std::string> listen_on(const ListenerOptions& options)
{
    auto descriptor = bind_to(options);
    if (descriptor && ::listen(descriptor->get(), options.backlog) != 0) {
        return sentence(options, "listen on", errno);
    }
    return descriptor;
}

std::uint16_t port_of(int descriptor)
{
    sockaddr_storage address {};
    socklen_t length = sizeof(address);
    ::getsockname(descriptor, reinterpret_cast<sockaddr*>(&address), &length);
    return peer_address(address).port;
}

class TcpListener final : public Listener, private SocketEvents {
public:
    TcpListener(Descriptor descriptor, std::vector<Shard*> shards, std::shared_ptr<const Reception> reception)
        : descriptor_(std::move(descriptor)), port_(port_of(descriptor_.get())), shards_(std::move(shards)),
          reception_(std::move(reception)),
          pause_([](void* self) { static_cast<TcpListener*>(self)->accept_some(); }, this)
    {}
    ~TcpListener() override { close(); }

    /// Begins to accept, from the next turn of shard 0 on.
    void begin() { home().sockets().add(descriptor_.get(), *this); }

    void close() override
    {
        pause_.stop();
        if (descriptor_) {
            home().sockets().remove(descriptor_.get(), *this);
            descriptor_.close();
        }
    }
    std::uint16_t port() const override { return port_; }

private:
    Shard& home() { return *shards_.front(); }

    void on_socket_events(std::uint32_t) override
    {
        if (!pause_.is_running()) {
            accept_some();
        }
    }

    void accept_some()
    {
        for (unsigned i = 0; i < accepts_per_turn; ++i) {
            PeerAddress peer;
            Descriptor descriptor = accept_one(peer);
            if (descriptor) {
                receive(std::move(descriptor), peer);
                continue;
            }
            if (errno == EAGAIN || errno == EWOULDBLOCK) {
                return;
            }
            if (errno == EMFILE || errno == ENFILE || errno == ENOBUFS || errno == ENOMEM) {
                turn_some_away();
                pause_.start(home().timers(), pause_without_descriptors);
                return;
            }
            // The connection failed in the queue (accept(2) lists the errors): try the next one.
        }
        home().sockets().call_again(*this);
    }

    Descriptor accept_one(PeerAddress& peer)
    {
        sockaddr_storage address {};
        socklen_t length = sizeof(address);
        Descriptor descriptor(::accept4(descriptor_.get(), reinterpret_cast<sockaddr*>(&address), &length,
            SOCK_NONBLOCK | SOCK_CLOEXEC));
        if (descriptor) {
            peer = peer_address(address);
        }
        return descriptor;
    }

    void receive(Descriptor descriptor, const PeerAddress& peer)
    {
        const bool from_proxy = !reception_->proxies.empty();
        if (from_proxy && !reception_->trusts(peer)) {
            // Only proxies may connect here; an address claimed by another peer is not trusted.
            reception_->log.info("connection refused",
                { { "peer", peer.address.to_string() }, { "why", "not a proxy" } });
            return;
        }
        // A proxied connection is counted for the client named in its header, later.
        if (!from_proxy && !reception_->admits(peer)) {
            return;
        }
        Socket socket(std::move(descriptor), peer, from_proxy ? nullptr : &reception_->limiter);
        Shard& shard = *shards_[next_++ % shards_.size()];
        shard.post([&shard, reception = reception_, from_proxy, socket = std::move(socket)]() mutable {
            if (from_proxy) {
                ProxyGreeting::begin(shard, std::move(reception), std::move(socket));
            } else {
                reception->introduce(shard, std::move(socket));
            }
        });
    }

    /// Accepts and closes some connections with the reserve. Without a free descriptor no connection can be
    /// accepted, and the waiting ones would wait for ever.
    void turn_some_away()
    {
        reception_->log.warning("no file descriptor left", { { "port", std::to_string(port_) } });
        for (unsigned i = 0; i < turned_away_per_pause; ++i) {
            reserve_.release();
            PeerAddress peer;
            const bool turned_away = static_cast<bool>(accept_one(peer));
            reserve_.refill();
            if (!turned_away) {
                return;
            }
        }
    }

    Descriptor descriptor_;
    std::uint16_t port_;
    std::vector<Shard*> shards_;
    std::shared_ptr<const Reception> reception_;
    DescriptorReserve reserve_;
    Timer pause_;
    std::size_t next_ = 0;
};

} // namespace

Result<Done, std::string> Listener::try_port(const ListenerOptions& options)
{
    const auto descriptor = bind_to(options);
    if (!descriptor) {
        return descriptor.error();
    }
    return Done();
}

Result<std::unique_ptr<Listener>, std::string> Listener::open(const ListenerOptions& options,
    std::vector<Shard*> shards, TlsContexts* tls, ConnectionLimiter& limiter, Log& log, Accepted accepted)
{
    if (options.tls == ListenerTls::direct && tls == nullptr) {
        return "port " + std::to_string(options.port) + " is for direct TLS, but there is no certificate";
    }
    std::vector<IpPrefix> proxies;
    for (const std::string& text : options.proxy_protocol_from) {
        const auto prefix = IpPrefix::parse(text);
        if (!prefix) {
            return "port " + std::to_string(options.port) + ": " + text + " is not an address or prefix";
        }
        proxies.push_back(*prefix);
    }
    auto descriptor = listen_on(options);
    if (!descriptor) {
        return descriptor.error();
    }
    Shard& first = *shards.front();
    auto reception = std::make_shared<Reception>(Reception {
        options, std::move(proxies), tls, limiter, log, std::move(accepted) });
    auto listener = std::make_unique<TcpListener>(std::move(*descriptor), std::move(shards),
        std::move(reception));
    TcpListener& opened = *listener;
    if (first.is_current()) {
        opened.begin();
    } else {
        first.post([&opened] { opened.begin(); });
    }
    return std::unique_ptr<Listener>(std::move(listener));
}

} // namespace stonechat
