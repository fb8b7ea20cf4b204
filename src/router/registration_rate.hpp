// SPDX-License-Identifier: Apache-2.0
// RegistrationRate: counts the accounts made from one IPv4 address or IPv6 /64 in 24 hours, and from the
// larger networks around it, and limits them (XEP-0077 section 7 asks for a limit). Bounded memory; any
// thread (asked once per registration).
#pragma once

#include "base/clock.hpp"
#include "base/string_hash.hpp"

#include <mutex>
#include <string>

namespace stonechat {

class RegistrationRate {
public:
    explicit RegistrationRate(const Clock& clock) : clock_(clock) {}

    /// Counts one registration from `peer` (a numeric address). Returns false, and counts nothing, if `peer`
    /// had `per_day` in the last 24 hours, if the networks around it had several times that, or if too many
    /// addresses have to be remembered at the moment.
    bool admit(const std::string& peer, unsigned per_day);

private:
    struct Day {
        SteadyTime since;
        unsigned count = 0;
    };
    unsigned count_of(const std::string& prefix) const;
    bool has_room();

    const Clock& clock_;
    std::mutex mutex_;
    StringMap<Day> days_;
};

} // namespace stonechat
