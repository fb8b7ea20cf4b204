// SPDX-License-Identifier: Apache-2.0
// TlsClientContext: what all TLS connections share that this server opens: the issuers it trusts, and the
// same versions and ciphers as on its own ports. Loading reads files, so it is made once, by the server's
// start code. Any thread.
#pragma once

#include "base/result.hpp"
#include "net/alpn.hpp"
#include "net/tls_contexts.hpp"

#include <memory>
#include <string>

namespace stonechat {

/// What a problem of the server's certificate does to the handshake.
enum class TlsVerify {
    report,  ///< nothing: TlsSession::peer_certificate tells it to the feature, which decides
    require, ///< the handshake fails
};

/// One connection's part.
struct TlsClientOptions {
    std::string server_name; ///< sent as SNI and looked for in the certificate: the XMPP domain, not the
                             ///< target of an SRV record (XEP-0368). Empty: neither
    AlpnProtocols alpn;      ///< the protocols to offer
    TlsVerify verify = TlsVerify::report;
};

class TlsClientContext {
public:
    /// Trusts the issuers in `ca_file` (PEM), or those of the system if it is empty.
    static Result<std::unique_ptr<TlsClientContext>, TlsError> load(const std::string& ca_file = {});
    virtual ~TlsClientContext() = default;

protected:
    TlsClientContext() = default;
};

} // namespace stonechat
