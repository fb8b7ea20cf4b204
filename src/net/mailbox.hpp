// SPDX-License-Identifier: Apache-2.0
// Mailbox: tasks for a shard from other threads. The only lock between shards: held for a push or a
// swap. A wake-up is sent only when the box was empty.
#pragma once

#include "base/function.hpp"

#include <mutex>
#include <vector>

namespace stonechat {

class Mailbox {
public:
    /// Adds a task; true if the box was empty, so that the owner has to be woken.
    bool push(Function<void()> task);
    /// Runs everything that was there when it was called, in order. Owner's thread.
    void drain();
    /// Destroys what nobody will run any more. Owner's thread, when all others have stopped.
    void clear();

private:
    std::mutex mutex_;
    std::vector<Function<void()>> incoming_;
    std::vector<Function<void()>> running_;
};

} // namespace stonechat
