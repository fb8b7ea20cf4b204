// SPDX-License-Identifier: Apache-2.0
// FreedMemory: what sessions and accounts that have gone had allocated lies in holes between what others
// hold, and the C library keeps these pages for later. When many have come and gone, this has the pages
// given back to the system, on a thread of the pool: it takes milliseconds. Owned by Server; any thread.
#pragma once

#include "base/executor.hpp"

#include <atomic>
#include <cstddef>

namespace stonechat {

class BlockingPool;

class FreedMemory {
public:
    explicit FreedMemory(BlockingPool& pool) : pool_(pool) {}

    /// From a shard's sweep: since its last one so many sessions and accounts have come or gone there, and
    /// `left` are there now. `home` is the shard.
    void note(Executor& home, std::size_t changes, std::size_t left);

private:
    void give_back(Executor& home);

    BlockingPool& pool_;
    std::atomic<std::size_t> changes_ { 0 }; ///< since pages were given back
    std::atomic<bool> at_work_ { false };
};

} // namespace stonechat
