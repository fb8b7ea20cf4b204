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
};

} // namespace stonechat
