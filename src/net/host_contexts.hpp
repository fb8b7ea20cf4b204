// SPDX-License-Identifier: Apache-2.0
// HostContexts: what TlsContexts holds and TlsEngine works with: one OpenSSL context per virtual host, with
// everything set that RFC 9325 asks for. Immutable once loaded; every session keeps the ones it began with,
// so a reload disturbs nobody. Private to this folder, implemented in tls_contexts.cpp; any thread.
#pragma once

#include "net/openssl.hpp"
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

/// All hosts as they were at one reading of the files; immutable, shared by the sessions that began then.
struct HostContexts {
    std::vector<HostContext> hosts;
    boost::unordered_flat_map<std::string, std::size_t> by_name;
    std::string alpn; ///< as on the wire: each name behind its length

    /// Null if `name` is not served.
    const HostContext* find(std::string_view name) const;
};

/// What new sessions of `contexts` are to begin with.
std::shared_ptr<const HostContexts> current_hosts(const TlsContexts& contexts);

/// ALPN names as they go over the wire.
std::string alpn_wire(const std::vector<std::string>& names);

/// Restricts a context, of either side, to the versions, ciphers and features that we use.
void harden(SSL_CTX* context);

/// The channel binding `tls-server-end-point` of a certificate.
std::optional<std::string> end_point_binding(X509* certificate);

} // namespace stonechat
