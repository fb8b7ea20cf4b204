// SPDX-License-Identifier: Apache-2.0
// Shrinks hash tables. A table keeps its size when its entries are erased: tens of bytes for each of the most
// entries it ever held. Call after erasing; amortised constant. Pure.
#pragma once

#include <cstddef>

namespace stonechat {

/// Shrinks the table of `map` (one of Boost's unordered_flat) if it is almost empty.
template <class Map> void shrink_if_sparse(Map& map)
{
    constexpr std::size_t not_worth_it = 1024;
    constexpr std::size_t sparse = 16; // places per entry; a growing table has at most three
    if (map.bucket_count() > not_worth_it && map.bucket_count() / sparse > map.size()) {
        map.rehash(0);
    }
}

} // namespace stonechat
