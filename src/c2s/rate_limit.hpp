// SPDX-License-Identifier: Apache-2.0
// RateLimit: a token bucket. A stream that has used up its share is not read until the bucket has
// filled again; nothing is dropped. A value; pure.
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
        const std::chrono::duration<double> passed = now - filled_;
        filled_ = now;
        tokens_ = std::min(burst_, tokens_ + passed.count() * per_second_) - amount;
        if (tokens_ >= 0) {
            return std::chrono::milliseconds(0);
        }
        return std::chrono::milliseconds(1 + static_cast<long long>(-tokens_ / per_second_ * 1000));
    }

private:
    double per_second_;
    double burst_;
    double tokens_;
    SteadyTime filled_;
};

} // namespace stonechat
