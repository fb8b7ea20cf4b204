// SPDX-License-Identifier: Apache-2.0
// TlsContexts: the certificates of all virtual hosts. Read from PEM files and checked, chosen by SNI at each
// handshake, reloaded while streams live. Made at the start and owned there; any thread.
// TLS 1.2 (ECDHE, AEAD) and 1.3; no renegotiation, 0-RTT, compression or session tickets
// (RFC 7590, RFC 9325).
#pragma once

#include "base/result.hpp"
#include "net/certificate_facts.hpp"

#include <memory>
#include <string>
#include <vector>

namespace stonechat {

/// Certificate and key of one virtual host.
struct TlsIdentity {
    std::string host;             ///< SNI name this is for
    std::string certificate_file; ///< PEM chain, leaf first
    std::string key_file;         ///< PEM, readable by the owner only
};

struct TlsError {
    std::string message; ///< names the file and what is wrong with it
};

class TlsContexts {
public:
    /// Loads all identities or none. The first serves clients that send no SNI, unless the stream was opened
    /// to another host before (STARTTLS). An SNI name that is not served gets the same certificate (the
    /// stream header then answers host-unknown).
    static Result<std::unique_ptr<TlsContexts>, TlsError> load(const std::vector<TlsIdentity>& identities,
        std::vector<std::string> alpn);
    virtual ~TlsContexts() = default;

    /// Reads the files again: new handshakes use them, running sessions keep theirs. On error nothing
    /// changes. Any thread.
    virtual Result<Done, TlsError> reload(const std::vector<TlsIdentity>& identities) = 0;

    /// What the certificates in use say of themselves, in the order of the identities.
    virtual std::vector<CertificateFacts> certificates() const = 0;

protected:
    TlsContexts() = default;
};

} // namespace stonechat
