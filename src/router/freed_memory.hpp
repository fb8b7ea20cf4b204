// SPDX-License-Identifier: Apache-2.0
// FreedMemory: returns unused heap pages to the system. Memory that closed sessions and unloaded accounts
// have freed lies between memory still in use, and the C library keeps its pages. After many changes a thread
// of the blocking pool trims the heap, because this takes milliseconds. Owned by Server; any thread.
#pragma once

#include "base/executor.hpp"

#include <atomic>
#include <cstddef>

namespace stonechat {

class BlockingPool;

class FreedMemory {
public:
    explicit FreedMemory(BlockingPool& pool) : pool_(pool) {}

    /// Called by the sweep of the shard `home`. `changes`: logins and unloaded users since its last sweep;
    /// `left`: users there now.
    void note(Executor& home, std::size_t changes, std::size_t left);

private:
    void give_back(Executor& home);

    BlockingPool& pool_;
    std::atomic<std::size_t> changes_ { 0 }; ///< since the heap was last trimmed
    std::atomic<bool> at_work_ { false };
};

} // namespace stonechat
