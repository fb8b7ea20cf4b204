// SPDX-License-Identifier: Apache-2.0
// Executor: the thread that a set of objects belongs to, as other threads see it. Work that ends on another
// thread (a disk thread, a hash thread, another shard) posts its result to the executor; objects of the
// executor are not touched from other threads.
#pragma once

#include "base/function.hpp"

namespace stonechat {

class Executor {
public:
    virtual ~Executor() = default;

    /// Runs `task` on the executor's thread, after the tasks posted before it. Callable from any thread;
    /// never runs the task inside the call.
    virtual void post(Function<void()> task) = 0;

    /// Returns whether the calling thread is the executor's. Returns false if the executor cannot tell;
    /// callers then post.
    virtual bool is_current() const { return false; }
};

} // namespace stonechat
