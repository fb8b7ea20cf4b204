// SPDX-License-Identifier: Apache-2.0
// RateLimit: a token bucket. When the bucket is empty, the caller waits until it has refilled (a stream is
// not read meanwhile), or refuses. A value; pure.
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

    /// Takes `amount`, even if that is more than is left. Returns how long to wait until the bucket is no
    /// longer negative.
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

    /// Takes `amount` if the bucket has it. Otherwise returns false and takes nothing.
    bool allows(double amount, SteadyTime now)
    {
        if (per_second_ > 0 && tokens_at(now) < amount) {
            return false;
        }
        take(amount, now);
        return true;
    }
    /// Returns whether the bucket is full again, so that it may be dropped.
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
