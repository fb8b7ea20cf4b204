// SPDX-License-Identifier: Apache-2.0
// ArchiveExpiry: what has to be done in archives without anybody asking: old messages go, new ones are
// made searchable. In small steps with pauses between, so that nobody else waits for the store. One
// shard does it for all; shard-bound.
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

    /// Begins, on the shard's thread and from now on.
    void start();

private:
    void expire();
    void expired(Result<std::size_t, StoreError> count);
    /// One host does it for all: there is one index.
    bool is_indexer() const;
    void index();
    void indexed(Result<std::size_t, StoreError> count);

    Host& host_;
    Timer expire_timer_;
    Timer index_timer_;
};

} // namespace stonechat
