// SPDX-License-Identifier: Apache-2.0
// ArchiveExpiry: periodic work in archives: removes old messages and adds new ones to the search index. Works
// in small steps with pauses, so that others do not have to wait for the store. Runs on shard 0 for all
// shards; shard-bound.
#pragma once

#include "net/timer_wheel.hpp"
#include "storage/stored.hpp"

#include <cstddef>

namespace stonechat {

class Host;

class ArchiveExpiry {
public:
    explicit ArchiveExpiry(Host& host);
    ArchiveExpiry(const ArchiveExpiry&) = delete;

    /// Starts the timers. Does nothing on shards other than 0.
    void start();

private:
    void expire();
    void expired(Result<std::size_t, StoreError> count);
    /// Returns whether this host updates the index. One host does it for all, because there is one index.
    bool is_indexer() const;
    void index();
    void indexed(Result<std::size_t, StoreError> count);

    Host& host_;
    Timer expire_timer_;
    Timer index_timer_;
};

} // namespace stonechat
