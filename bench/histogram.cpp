// SPDX-License-Identifier: Apache-2.0
#include "histogram.hpp"

#include <algorithm>
#include <bit>

namespace stonechat::bench {

void Histogram::record(std::uint64_t nanoseconds)
{
    ++buckets_[bucket_of(nanoseconds)];
    ++count_;
    max_ = std::max(max_, nanoseconds);
}

std::uint64_t Histogram::percentile(double part) const
{
    const auto wanted = static_cast<std::uint64_t>(part * static_cast<double>(count_));
    std::uint64_t seen = 0;
    for (unsigned bucket = 0; bucket < buckets_.size(); ++bucket) {
        seen += buckets_[bucket];
        if (seen > wanted) {
            return std::min(upper_bound(bucket), max_);
        }
    }
    return max_;
}

// Values below `steps` have a bucket each; above, the top bit picks the row and the next six the step.
unsigned Histogram::bucket_of(std::uint64_t value)
{
    if (value < steps) {
        return static_cast<unsigned>(value);
    }
    const unsigned shift = static_cast<unsigned>(std::bit_width(value)) - step_bits - 1;
    return (shift + 1) * steps + static_cast<unsigned>((value >> shift) - steps);
}

std::uint64_t Histogram::upper_bound(unsigned bucket)
{
    if (bucket < steps) {
        return bucket;
    }
    const unsigned shift = bucket / steps - 1;
    return ((static_cast<std::uint64_t>(bucket % steps) + steps + 1) << shift) - 1;
}

} // namespace stonechat::bench
