// SPDX-License-Identifier: Apache-2.0
#include "net/certificate_watch.hpp"

#include "net/tls_contexts.hpp"

namespace stonechat {

std::vector<CertificateFlaw> CertificateWatch::look(const TlsContexts& contexts)
{
    looked_ = clock_.wall();
    auto flaws = flaws_of(contexts.certificates(), *looked_);
    for (const CertificateFlaw& each : flaws) {
        log_.warning(to_text(each.kind), { { "why", each.text } });
    }
    return flaws;
}

void CertificateWatch::look_daily(const TlsContexts& contexts)
{
    const WallTime now = clock_.wall();
    const bool clock_was_set_back = looked_ && now < *looked_;
    if (!looked_ || clock_was_set_back || now - *looked_ >= std::chrono::days(1)) {
        look(contexts);
    }
}

} // namespace stonechat
