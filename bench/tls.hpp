// SPDX-License-Identifier: Apache-2.0
//
// OpenSSL contexts for the load client and for the relay of `floor`. The client verifies no certificate
// (it measures servers with self-made ones on loopback) and never resumes a session: every login pays the
// full handshake.
#pragma once

#include <memory>
#include <openssl/ssl.h>
#include <string>

namespace stonechat::bench {

struct SslContextDelete {
    void operator()(SSL_CTX* context) const { SSL_CTX_free(context); }
};
using SslContext = std::unique_ptr<SSL_CTX, SslContextDelete>;

struct SslDelete {
    void operator()(SSL* ssl) const { SSL_free(ssl); }
};
using Ssl = std::unique_ptr<SSL, SslDelete>;

SslContext make_client_context();

/// A server context with a fresh self-signed ECDSA P-256 certificate that lives only in memory.
SslContext make_relay_context();

/// A client object on a connected socket. `alpn` names "xmpp-client" (XEP-0368, direct TLS only).
Ssl make_client_ssl(SSL_CTX& context, int descriptor, const std::string& domain, bool alpn);

/// The last OpenSSL error as text; clears the queue.
std::string ssl_error_text();

} // namespace stonechat::bench
