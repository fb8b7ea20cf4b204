// SPDX-License-Identifier: Apache-2.0
// RateLimit: a token bucket. Who has used up his share waits until the bucket has filled again (a stream
// that is not read meanwhile), or is refused. A value; pure.
#pragma once

#include "base/clock.hpp"

#include <algorithm>
#include <chrono>

namespace stonechat {

class RateLimit {
public:
    /// `per_second` 0 = no limit.
    RateLimit(double per_second, double burst, SteadyTime now)
        : per_second_(per_second), burst_(burst), tokens_(burst), filled_(now)
    {}

    /// Takes `amount`, also more than there is; how long to wait until the bucket is not in debt.
    std::chrono::milliseconds take(double amount, SteadyTime now)
    {
        if (per_second_ <= 0) {
            return std::chrono::milliseconds(0);
        }
        tokens_ = tokens_at(now) - amount;
        filled_ = now;
        if (tokens_ >= 0) {
            return std::chrono::milliseconds(0);
        }
        return std::chrono::milliseconds(1 + static_cast<long long>(-tokens_ / per_second_ * 1000));
    }

    /// Takes `amount` if there is so much; false, and nothing is taken, if not.
    bool allows(double amount, SteadyTime now)
    {
        if (per_second_ > 0 && tokens_at(now) < amount) {
            return false;
        }
        take(amount, now);
        return true;
    }
    /// Nothing is left of what was taken: it may be forgotten.
    bool is_full(SteadyTime now) const { return tokens_at(now) >= burst_; }

private:
    double tokens_at(SteadyTime now) const
    {
        const std::chrono::duration<double> passed = now - filled_;
        return std::min(burst_, tokens_ + passed.count() * per_second_);
    }

    double per_second_;
    double burst_;
    double tokens_;
    SteadyTime filled_;
};

} // namespace stonechat
