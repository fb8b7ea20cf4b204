// SPDX-License-Identifier: Apache-2.0
// HostContexts: what TlsContexts holds and TlsEngine uses: one OpenSSL context per virtual host, configured
// as RFC 9325 asks. Immutable once loaded. Every session keeps the contexts it began with, so a reload does
// not affect it. Private to this folder, implemented in tls_contexts.cpp; any thread. What a client's context
// shares with them is here too.
#pragma once

#include "net/alpn.hpp"
#include "net/openssl.hpp"
#include "net/tls_client_context.hpp"
#include "net/tls_contexts.hpp"

#include <boost/unordered/unordered_flat_map.hpp>

#include <cstddef>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace stonechat {

struct HostContext {
    openssl::Context context;
    std::optional<std::string> end_point;
    CertificateFacts facts;
};

/// All hosts as loaded at one time. Immutable, shared by the sessions that began with them.
struct HostContexts {
    std::vector<HostContext> hosts;
    boost::unordered_flat_map<std::string, std::size_t> by_name;

    /// Null if `name` is not served.
    const HostContext* find(std::string_view name) const;
};

/// Returns the contexts for new sessions.
std::shared_ptr<const HostContexts> current_hosts(const TlsContexts& contexts);

/// Returns the OpenSSL context of the client's side (tls_client_context.cpp).
SSL_CTX* openssl_context(const TlsClientContext& context);

/// Returns the protocols that the server's side of a session takes (tls_engine.cpp).
const AlpnProtocols& accepted_protocols(const SSL* session);

/// Restricts a server or client context to the versions, ciphers and features that Stonechat allows.
void set_tls_policy(SSL_CTX* context);

/// Returns the channel binding `tls-server-end-point` of a certificate.
std::optional<std::string> end_point_binding(X509* certificate);

} // namespace stonechat
