// SPDX-License-Identifier: Apache-2.0
// ShardSet: the shards of this process and their threads. Made and owned by main. Stopping is in two
// steps, so that what lives on the shards can be destroyed when no thread touches it any more.
#pragma once

#include "net/shard.hpp"

#include <memory>
#include <string_view>
#include <thread>
#include <vector>

namespace stonechat {

class ShardSet {
public:
    /// `count` shards, no thread yet; 0 = one for each processor.
    ShardSet(unsigned count, const Clock& clock);
    ~ShardSet();

    void start();
    /// Ends all loops and waits for their threads. What was posted and not yet run is destroyed with
    /// the shards.
    void stop();

    std::size_t size() const { return shards_.size(); }
    Shard& operator[](std::size_t index) { return *shards_[index]; }
    std::vector<Shard*> all();

private:
    std::vector<std::unique_ptr<Shard>> shards_;
    std::vector<std::thread> threads_;
};

} // namespace stonechat
