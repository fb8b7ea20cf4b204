// SPDX-License-Identifier: Apache-2.0
// TLS as a pure machine: TlsEngine turns encrypted bytes into plain ones and back, holding no
// buffer while idle and no socket ever. One stream owns it, on the stream's shard. What both sides
// agree to use is said in tls_contexts.hpp; no OpenSSL type is seen outside of this folder's sources.
#pragma once

#include "net/tls_contexts.hpp"

#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace stonechat {

/// What a stream wants to know of the TLS below it.
class TlsSession {
public:
    virtual ~TlsSession() = default;

    /// "TLSv1.3"
    virtual std::string version() const = 0;
    virtual std::string cipher() const = 0;
    /// The name the client asked for, or empty.
    virtual std::string server_name() const = 0;
    /// The ALPN protocol agreed upon, or empty.
    virtual std::string alpn() const = 0;
    /// RFC 9266 channel binding `tls-exporter`: 32 bytes; nothing below TLS 1.3 (without extended master
    /// secret).
    virtual std::optional<std::string> tls_exporter() const = 0;
    /// RFC 5929 channel binding `tls-unique`: the client's Finished message. Undefined for TLS 1.3 by RFC
    /// 9266, yet what some clients send there; never offered (c2s/sasl_dialog.cpp says why it is taken).
    virtual std::optional<std::string> tls_unique() const = 0;
    /// RFC 5929 channel binding `tls-server-end-point`: the hash of our certificate.
    virtual std::optional<std::string> tls_server_end_point() const = 0;
};

class TlsEngine {
public:
    enum class State { handshaking, established, closed, failed };

    /// The server's side. A client that does not send the name of a host that is served gets the certificate
    /// of `host`, or of the first.
    static std::unique_ptr<TlsEngine> server(TlsContexts& contexts, std::string_view host = {});
    /// The client's side, for tests and later for s2s.
    static std::unique_ptr<TlsEngine> client(std::string_view server_name, std::string_view ca_file,
        std::vector<std::string> alpn);
    virtual ~TlsEngine() = default;

    /// Takes `encrypted` from the peer; appends plain text to `plain` and what has to be sent
    /// (handshake, alerts) to `out`. More than 32 key updates or any renegotiation is a failure.
    virtual State receive(std::string_view encrypted, std::string& plain, std::string& out) = 0;
    /// Encrypts `plain` into records appended to `out`. Only when established.
    virtual State send(std::string_view plain, std::string& out) = 0;
    /// close_notify.
    virtual void close(std::string& out) = 0;
    /// Why it failed, for the log.
    virtual std::string error() const = 0;
    virtual const TlsSession& session() const = 0;

protected:
    TlsEngine() = default;
};

} // namespace stonechat
