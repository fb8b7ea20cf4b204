// SPDX-License-Identifier: Apache-2.0
// RoomReplays: what was said in a room lately, so that who says it again after an unclear end (with the same
// id and the same words) makes no second entry in the archive. Remembered with the archive, so that it holds
// over a restart. Part of a Room; shard-bound.
#pragma once

#include <cstdint>
#include <deque>
#include <unordered_set>

namespace stonechat {

class RoomReplays {
public:
    /// So many are remembered.
    static constexpr std::size_t most = 2000;

    bool contains(std::uint64_t key) const { return keys_.contains(key); }
    void add(std::uint64_t key)
    {
        if (key == 0 || !keys_.insert(key).second) {
            return;
        }
        order_.push_back(key);
        if (order_.size() > most) {
            keys_.erase(order_.front());
            order_.pop_front();
        }
    }

private:
    std::unordered_set<std::uint64_t> keys_;
    std::deque<std::uint64_t> order_;
};

} // namespace stonechat
