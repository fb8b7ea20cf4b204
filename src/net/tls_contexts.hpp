// SPDX-License-Identifier: Apache-2.0
// TlsContexts: the certificates of all virtual hosts. They are read from PEM files and checked, chosen by SNI
// at each handshake, and can be reloaded while streams live. They serve all listeners, whatever protocols
// those take. Made and owned by the server's start code; any thread. TLS 1.2 (ECDHE, AEAD) and 1.3; no
// renegotiation, 0-RTT, compression or session tickets (RFC 7590, RFC 9325).
#pragma once

#include "base/result.hpp"
#include "net/certificate_facts.hpp"

#include <memory>
#include <string>
#include <vector>

namespace stonechat {

/// Certificate and key of one virtual host.
struct TlsIdentity {
    std::string host;             ///< SNI name of the host
    std::string certificate_file; ///< PEM chain, leaf first
    std::string key_file;         ///< PEM, readable by the owner only
};

struct TlsError {
    std::string message; ///< names the file and what is wrong with it
};

class TlsContexts {
public:
    /// Loads all identities or none. A client that sends no SNI gets the first certificate, or with STARTTLS
    /// the one of the host to which it opened the stream. A client with an unknown SNI name gets the same
    /// certificate (the stream header then answers host-unknown).
    static Result<std::unique_ptr<TlsContexts>, TlsError> load(const std::vector<TlsIdentity>& identities);
    virtual ~TlsContexts() = default;

    /// Reads the files again: new handshakes use the new certificates, running sessions keep theirs. On error
    /// nothing changes. Any thread.
    virtual Result<Done, TlsError> reload(const std::vector<TlsIdentity>& identities) = 0;

    /// Returns the facts of the certificates in use, in the order of the identities.
    virtual std::vector<CertificateFacts> certificates() const = 0;

protected:
    TlsContexts() = default;
};

} // namespace stonechat
