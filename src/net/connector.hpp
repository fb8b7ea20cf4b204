// SPDX-License-Identifier: Apache-2.0
// Connector: opens one TCP connection to the first of several addresses that answers, without blocking the
// loop: the counterpart of the Listener. While an address does not answer, the next one is tried beside it
// (Happy Eyeballs, RFC 8305 §5). Finding the addresses, and putting them in order, is left to the caller.
// Belongs to the shard that asked; owned by who waits for the connection.
#pragma once

#include "base/function.hpp"
#include "base/result.hpp"
#include "net/transport.hpp"

#include <chrono>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace stonechat {

class Shard;

enum class ConnectError {
    no_address,     ///< none was given
    refused,        ///< the host is there, but the port is closed
    unreachable,    ///< no route to the host
    timed_out,      ///< no answer
    no_descriptors, ///< this process has no free file descriptor
    failed,         ///< anything else, see the text
};

struct ConnectFailure {
    /// What went wrong last: with the last address that failed, or `timed_out` at the deadline.
    ConnectError error = ConnectError::no_address;
    /// What went wrong with each address, for the log.
    std::string text;
};

/// Direct TLS (XEP-0368). `context` must live until the connection is made.
struct DirectTls {
    const TlsClientContext* context = nullptr;
    TlsClientOptions options;
};

struct ConnectOptions {
    std::vector<PeerAddress> addresses; ///< in order of preference; Connector::most_addresses are tried
    std::chrono::milliseconds deadline = std::chrono::seconds(20); ///< for all addresses together
    std::chrono::milliseconds attempt_delay { 250 };               ///< until the next address is tried too
    std::optional<DirectTls> direct_tls; ///< without it: plain, and STARTTLS when the stream asks for it
    unsigned tls_handshake_seconds = 10; ///< after the connection is made; for STARTTLS too
};

class Connector {
public:
    static constexpr std::size_t most_addresses = 16;

    /// Receives the transport, not started yet; with direct TLS it does the handshake after its `start`. May
    /// destroy the connector.
    using Connected = Function<void(Result<std::unique_ptr<Transport>, ConnectFailure>)>;

    /// Begins to connect. Calls `connected` once, on this shard, from the loop and never from inside `open`;
    /// not at all if the connector is destroyed before: that cancels everything and closes the sockets.
    /// The connection is in no ConnectionLimiter, and the reserve of descriptors is left to the listeners.
    static std::unique_ptr<Connector> open(Shard& shard, ConnectOptions options, Connected connected);
    virtual ~Connector() = default;

protected:
    Connector() = default;
};

/// Returns a short text: "refused".
std::string_view to_text(ConnectError error);

} // namespace stonechat
