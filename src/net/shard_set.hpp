// SPDX-License-Identifier: Apache-2.0
// ShardSet: the shards of this process and their threads. Made and owned by main. Shutdown has two steps:
// first stop the threads, then destroy what lives on the shards.
#pragma once

#include "net/shard.hpp"

#include <memory>
#include <string_view>
#include <thread>
#include <vector>

namespace stonechat {

class ShardSet {
public:
    /// Makes `count` shards without threads; 0 = one for each processor.
    ShardSet(unsigned count, const Clock& clock);
    ~ShardSet();

    void start();
    /// Ends all loops and waits for their threads. Tasks that were posted but not run are destroyed with the
    /// shards.
    void stop();

    std::size_t size() const { return shards_.size(); }
    Shard& operator[](std::size_t index) { return *shards_[index]; }
    std::vector<Shard*> all();

private:
    std::vector<std::unique_ptr<Shard>> shards_;
    std::vector<std::thread> threads_;
};

} // namespace stonechat
