// SPDX-License-Identifier: Apache-2.0
// What a certificate says of itself: how long it holds and for whom. Clients look at nothing else, and
// whoever put it in place should hear what they will say. Values; pure; any thread.
#pragma once

#include "base/clock.hpp"

#include <string>
#include <string_view>
#include <vector>

namespace stonechat {

struct CertificateFacts {
    std::string host; ///< the virtual host it is for
    std::string file;
    WallTime not_before;
    WallTime not_after;
    std::vector<std::string> names;   ///< those that it has (RFC 9525 §6.3: the alternative ones)
    std::vector<std::string> missing; ///< those that it should have
};

/// Something about a certificate that keeps clients out, or soon will.
struct CertificateFlaw {
    enum class Kind { expired, not_yet_valid, expires_soon, name_missing };
    Kind kind;
    std::string text; ///< a sentence that names host, file and what to do
};

/// How long before its end a certificate is spoken of.
constexpr std::chrono::hours certificate_notice = std::chrono::days(30);

/// Nothing if all is well.
std::vector<CertificateFlaw> flaws_of(const CertificateFacts& facts, WallTime now);
std::vector<CertificateFlaw> flaws_of(const std::vector<CertificateFacts>& all, WallTime now);

/// In a word or two: "certificate expired".
std::string_view to_text(CertificateFlaw::Kind kind);

} // namespace stonechat
