// SPDX-License-Identifier: Apache-2.0
// PeerCertificate: what a TLS server has shown us, and what is wrong with it. Only the feature that opened
// the connection can say what that means (another server may prove its name by dialback instead). Values.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace stonechat {

enum class CertificateProblem {
    unknown_issuer, ///< self-signed, or the chain ends at no issuer that is trusted
    not_valid_now,  ///< expired, or not valid yet
    wrong_name,     ///< its DNS names (or addresses) do not include the name of the server (RFC 9525 §6.3)
    unfit,          ///< anything else: a bad signature, a purpose that excludes servers, a weak key
};

struct PeerCertificate {
    std::vector<std::string> chain;           ///< DER, in the order in which they came: the server's first
    std::vector<CertificateProblem> problems; ///< each at most once; empty: the certificate proves the name

    bool is_valid() const { return problems.empty(); }
};

/// Returns a short text: "unknown issuer".
std::string_view to_text(CertificateProblem problem);

} // namespace stonechat
