// SPDX-License-Identifier: Apache-2.0
// Listener: accepts connections on one address and hands them out as Transports, spread over the shards.
// Enforces what is limited before the first byte: connections per prefix and their rate, and descriptors (a
// reserve is kept so that connections can still be closed politely). Reads the PROXY protocol v2 from trusted
// addresses; if proxies are configured, other peers are closed without a byte. Lives on the first shard. Main
// owns it and destroys it before the shards, after they have stopped, or on shard 0.
#pragma once

#include "base/function.hpp"
#include "base/log.hpp"
#include "base/result.hpp"
#include "net/alpn.hpp"
#include "net/transport.hpp"

#include <functional>
#include <memory>
#include <string>
#include <vector>

namespace stonechat {

class Shard;
class ConnectionLimiter;

enum class ListenerTls { starttls, direct, none };

struct ListenerOptions {
    std::string address = "::"; ///< "::" accepts IPv4 too
    std::uint16_t port = 5222;
    ListenerTls tls = ListenerTls::starttls;
    AlpnProtocols alpn { "xmpp-client" }; ///< the protocols spoken here, for TLS of either kind (XEP-0368)
    std::vector<std::string> proxy_protocol_from; ///< proxies: their PROXY v2 header is required and trusted
    unsigned tls_handshake_seconds = 10;
    int backlog = 1024;
};

class Listener {
public:
    /// Called on the shard of the transport. The callee then owns the transport.
    using Accepted = std::function<void(Shard&, std::unique_ptr<Transport>)>;

    /// Binds and listens. The error is a sentence that names address and port. On direct TLS ports the
    /// transport does the handshake before its first on_bytes.
    static Result<std::unique_ptr<Listener>, std::string> open(const ListenerOptions& options,
        std::vector<Shard*> shards, TlsContexts* tls, ConnectionLimiter& limiter, Log& log,
        Accepted accepted);
    /// Returns whether `open` would get the port: binds it for a moment without listening. The error is the
    /// same sentence.
    static Result<Done, std::string> try_port(const ListenerOptions& options);
    virtual ~Listener() = default;

    /// Stops accepting. Accepted connections live on. Call on shard 0.
    virtual void close() = 0;
    virtual std::uint16_t port() const = 0;

protected:
    Listener() = default;
};

} // namespace stonechat
