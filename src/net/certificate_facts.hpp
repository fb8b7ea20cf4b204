// SPDX-License-Identifier: Apache-2.0
// The facts of a certificate that clients check: its validity and its names. Problems are reported to the
// administrator, who installed it. Values; pure; any thread.
#pragma once

#include "base/clock.hpp"

#include <string>
#include <string_view>
#include <vector>

namespace stonechat {

struct CertificateFacts {
    std::string host; ///< the virtual host that uses the certificate
    std::string file;
    WallTime not_before;
    WallTime not_after;
    std::vector<std::string> names; ///< names in the certificate (RFC 9525 §6.3: subject alternative names)
    std::vector<std::string> missing; ///< names that the host needs but the certificate lacks
};

/// A problem of a certificate that keeps clients out now or will do so soon.
struct CertificateFlaw {
    enum class Kind { expired, not_yet_valid, expires_soon, name_missing };
    Kind kind;
    std::string text; ///< a sentence that names host, file and what to do
};

/// How long before its expiry a certificate is reported.
constexpr std::chrono::hours certificate_notice = std::chrono::days(30);

/// Returns the problems of the certificate; empty if there are none.
std::vector<CertificateFlaw> flaws_of(const CertificateFacts& facts, WallTime now);
std::vector<CertificateFlaw> flaws_of(const std::vector<CertificateFacts>& all, WallTime now);

/// Returns a short text: "certificate expired".
std::string_view to_text(CertificateFlaw::Kind kind);

} // namespace stonechat
