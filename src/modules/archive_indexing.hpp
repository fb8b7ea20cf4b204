// SPDX-License-Identifier: Apache-2.0
// ArchiveIndexing: periodically adds new messages to the search index. Works in small steps with pauses, so
// that others do not have to wait for the store. Runs on shard 0 of one host for the whole server, because
// there is one index; shard-bound.
#pragma once

#include "net/timer_wheel.hpp"
#include "storage/stored.hpp"

#include <cstddef>

namespace stonechat {

class Host;

class ArchiveIndexing {
public:
    explicit ArchiveIndexing(Host& host);
    ArchiveIndexing(const ArchiveIndexing&) = delete;

    /// Starts the timer if this host is the one that indexes. Call once, on the thread of shard 0, when all
    /// hosts have their modules.
    void start();

private:
    bool is_indexer() const;
    void index();
    void indexed(Result<std::size_t, StoreError> count);

    Host& host_;
    Timer timer_;
};

} // namespace stonechat
