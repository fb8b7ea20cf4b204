// SPDX-License-Identifier: Apache-2.0
// Executor: a thread that objects belong to, seen from other threads. Work that ends elsewhere (a disk
// thread, a hash thread, another shard) posts its result to the executor; nothing else crosses threads.
#pragma once

#include "base/function.hpp"

namespace stonechat {

class Executor {
public:
    virtual ~Executor() = default;

    /// Runs `task` on the executor's thread, after the tasks posted before it. Callable from any thread;
    /// never runs the task inside the call.
    virtual void post(Function<void()> task) = 0;

    /// Whether the calling thread is the executor's. False if the executor cannot tell: then callers post.
    virtual bool is_current() const { return false; }
};

} // namespace stonechat
