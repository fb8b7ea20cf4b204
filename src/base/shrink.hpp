// SPDX-License-Identifier: Apache-2.0
// A hash table keeps its size when what was in it has gone: tens of bytes for each of the most that it ever
// held. To be called after erasing; amortised constant. Pure.
#pragma once

#include <cstddef>

namespace stonechat {

/// Makes the table of `map` (one of Boost's unordered_flat) small if hardly anything is left in it.
template <class Map> void shrink_if_sparse(Map& map)
{
    constexpr std::size_t not_worth_it = 1024;
    constexpr std::size_t sparse = 16; // places for each entry; a table that grows has at most three
    if (map.bucket_count() > not_worth_it && map.bucket_count() / sparse > map.size()) {
        map.rehash(0);
    }
}

} // namespace stonechat
