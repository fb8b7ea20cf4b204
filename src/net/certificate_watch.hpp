// SPDX-License-Identifier: Apache-2.0
// CertificateWatch: writes what is wrong with certificates into the log, when they were loaded and then once
// a day. Owned and called by the main thread.
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

    /// Looks now and writes a line for each flaw. What it found.
    std::vector<CertificateFlaw> look(const TlsContexts& contexts);
    /// The same if the last look was a day ago, else nothing; cheap enough to be called every second.
    void look_daily(const TlsContexts& contexts);

private:
    const Clock& clock_;
    Log& log_;
    std::optional<WallTime> looked_; ///< wall time: a machine that slept for a week is to hear of it
};

} // namespace stonechat
