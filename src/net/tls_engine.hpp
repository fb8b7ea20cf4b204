// SPDX-License-Identifier: Apache-2.0
// TLS as a pure state machine: TlsEngine converts encrypted bytes to plain ones and back. It holds no buffer
// while idle and never a socket. One stream owns it, on the stream's shard. tls_contexts.hpp lists the
// allowed versions and features. OpenSSL types are visible only in this folder's sources.
#pragma once

#include "net/alpn.hpp"
#include "net/peer_certificate.hpp"
#include "net/tls_client_context.hpp"
#include "net/tls_contexts.hpp"

#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace stonechat {

/// Facts about a TLS session, for the stream above it.
class TlsSession {
public:
    virtual ~TlsSession() = default;

    /// "TLSv1.3"
    virtual std::string version() const = 0;
    virtual std::string cipher() const = 0;
    /// The SNI name that the client sent, or empty.
    virtual std::string server_name() const = 0;
    /// The ALPN protocol agreed upon, or empty.
    virtual std::string alpn() const = 0;
    /// RFC 9266 channel binding `tls-exporter`: 32 bytes. Below TLS 1.3 it needs the extended master secret.
    virtual std::optional<std::string> tls_exporter() const = 0;
    /// RFC 5929 channel binding `tls-unique`: the client's Finished message. RFC 9266 leaves it undefined for
    /// TLS 1.3, but some clients send it there. Never offered (c2s/sasl_dialog.cpp says why it is accepted).
    virtual std::optional<std::string> tls_unique() const = 0;
    /// RFC 5929 channel binding `tls-server-end-point`: the hash of the server's certificate.
    virtual std::optional<std::string> tls_server_end_point() const = 0;
    /// The server's certificate and what is wrong with it. Nothing on the server's side, which asks for none.
    virtual std::optional<PeerCertificate> peer_certificate() const { return std::nullopt; }
};

class TlsEngine {
public:
    enum class State { handshaking, established, closed, failed };

    /// Makes the server's side. A client that sends no SNI name, or an unknown one, gets the certificate of
    /// `host`, or the first one. A client that offers protocols (ALPN) but none of `accepted` is refused; one
    /// that offers none is not.
    static std::unique_ptr<TlsEngine> server(TlsContexts& contexts, std::string_view host = {},
        AlpnProtocols accepted = {});
    /// Makes the client's side. It needs the context during this call only.
    static std::unique_ptr<TlsEngine> client(const TlsClientContext& context,
        const TlsClientOptions& options);
    virtual ~TlsEngine() = default;

    /// Takes `encrypted` bytes from the peer. Appends plain text to `plain`, and bytes to be sent (handshake,
    /// alerts) to `out`. Fails after more than 32 key updates or on any renegotiation.
    virtual State receive(std::string_view encrypted, std::string& plain, std::string& out) = 0;
    /// Encrypts `plain` into records appended to `out`. Only when established.
    virtual State send(std::string_view plain, std::string& out) = 0;
    /// Appends close_notify to `out`.
    virtual void close(std::string& out) = 0;
    /// Returns why the engine failed, for the log.
    virtual std::string error() const = 0;
    virtual const TlsSession& session() const = 0;

protected:
    TlsEngine() = default;
};

} // namespace stonechat
