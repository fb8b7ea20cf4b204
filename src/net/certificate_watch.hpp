// SPDX-License-Identifier: Apache-2.0
// CertificateWatch: logs problems of certificates when they are loaded, and then once a day. Owned and called
// by the main thread.
#pragma once

#include "base/clock.hpp"
#include "base/log.hpp"
#include "net/certificate_facts.hpp"

#include <optional>
#include <vector>

namespace stonechat {

class TlsContexts;

class CertificateWatch {
public:
    CertificateWatch(const Clock& clock, Log& log) : clock_(clock), log_(log) {}

    /// Checks now and logs a line for each flaw. Returns the flaws.
    std::vector<CertificateFlaw> look(const TlsContexts& contexts);
    /// Does the same if the last check was a day ago. Cheap enough to be called every second.
    void look_daily(const TlsContexts& contexts);

private:
    const Clock& clock_;
    Log& log_;
    std::optional<WallTime> looked_; ///< wall time, so that the time a machine was suspended counts too
};

} // namespace stonechat
