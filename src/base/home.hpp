// SPDX-License-Identifier: Apache-2.0
// Home: the thread something belongs to, seen from outside. Whoever finishes work elsewhere (a disk
// thread, a hash thread, another shard) posts the rest of it home; nothing else crosses threads.
#pragma once

#include "base/function.hpp"

namespace stonechat {

class Home {
public:
    virtual ~Home() = default;

    /// Runs `task` on the home thread, after what was posted before it. Callable from any thread;
    /// never runs the task inside the call.
    virtual void post(Function<void()> task) = 0;

    /// Whether the calling thread is the home thread. A home that cannot tell says no, and everything
    /// takes the way through its mail.
    virtual bool is_current() const { return false; }
};

} // namespace stonechat
