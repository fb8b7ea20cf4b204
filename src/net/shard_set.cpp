// SPDX-License-Identifier: Apache-2.0
#include "net/shard_set.hpp"

#include <pthread.h>

#include <algorithm>
#include <string>

namespace stonechat {

ShardSet::ShardSet(unsigned count, const Clock& clock)
{
    if (count == 0) {
        count = std::max(1U, std::thread::hardware_concurrency());
    }
    for (unsigned index = 0; index < count; ++index) {
        shards_.push_back(std::make_unique<Shard>(index, clock));
    }
}

ShardSet::~ShardSet()
{
    stop();
}

void ShardSet::start()
{
    for (const auto& shard : shards_) {
        threads_.emplace_back([&shard = *shard] {
            const std::string name = "shard-" + std::to_string(shard.index());
            pthread_setname_np(pthread_self(), name.c_str());
            shard.run();
        });
    }
}

void ShardSet::stop()
{
    for (const auto& shard : shards_) {
        shard->stop();
    }
    for (std::thread& thread : threads_) {
        thread.join();
    }
    threads_.clear();
}

std::vector<Shard*> ShardSet::all()
{
    std::vector<Shard*> shards;
    for (const auto& shard : shards_) {
        shards.push_back(shard.get());
    }
    return shards;
}

} // namespace stonechat
