// SPDX-License-Identifier: Apache-2.0
// Listener: accepts connections on one address and hands them out as Transports, spread over the
// shards. Applies what is bounded before the first byte: connections per prefix and their rate,
// descriptors (a reserve is kept to close politely), PROXY protocol v2 from trusted addresses. Lives
// on the first shard; main owns it and destroys it before the shards, when these have stopped, or on
// shard 0. Where proxies are configured, whoever is none of them is closed without a byte.
#pragma once

#include "base/function.hpp"
#include "base/log.hpp"
#include "base/result.hpp"
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
    std::string address = "::"; ///< "::" takes IPv4 too
    std::uint16_t port = 5222;
    ListenerTls tls = ListenerTls::starttls;
    std::vector<std::string> proxy_protocol_from; ///< prefixes whose PROXY v2 header is required and believed
    unsigned tls_handshake_seconds = 10;
    int backlog = 1024;
};

class Listener {
public:
    /// Called on the shard the transport was given to, which then owns the stream.
    using Accepted = std::function<void(Shard&, std::unique_ptr<Transport>)>;

    /// Binds and listens; the error is a sentence naming address and port. On direct TLS ports the
    /// handshake is done by the transport itself before its first on_bytes.
    static Result<std::unique_ptr<Listener>, std::string> open(const ListenerOptions& options,
        std::vector<Shard*> shards, TlsContexts* tls, ConnectionLimiter& limiter, Log& log,
        Accepted accepted);
    /// Whether `open` would get the port; takes it for a moment without listening. The same sentence.
    static Result<Done, std::string> try_port(const ListenerOptions& options);
    virtual ~Listener() = default;

    /// Stops accepting; what was accepted lives on. On shard 0.
    virtual void close() = 0;
    virtual std::uint16_t port() const = 0;

protected:
    Listener() = default;
};

} // namespace stonechat
