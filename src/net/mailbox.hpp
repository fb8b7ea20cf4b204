// SPDX-License-Identifier: Apache-2.0
// Mailbox: tasks for a shard from other threads. The only lock between shards; it is held for one push or
// swap. The shard is woken only when the mailbox was empty.
#pragma once

#include "base/function.hpp"

#include <mutex>
#include <vector>

namespace stonechat {

class Mailbox {
public:
    /// Adds a task. Returns true if the mailbox was empty: the caller must wake the owner.
    bool push(Function<void()> task);
    /// Runs all tasks that were there at the call, in order. Owner's thread.
    void drain();
    /// Destroys the remaining tasks without running them. Owner's thread, after all others have stopped.
    void clear();

private:
    std::mutex mutex_;
    std::vector<Function<void()>> incoming_;
    std::vector<Function<void()>> running_;
};

} // namespace stonechat
