// SPDX-License-Identifier: Apache-2.0
// AsyncMutex: serialises coroutines that change one object in several steps and wait in between. Locks are
// granted in the order of the calls to lock(). Part of the object that it guards; shard-bound.
#pragma once

#include "base/task.hpp"

#include <list>
#include <memory>
#include <utility>

namespace stonechat {

class AsyncMutex {
    struct State;

public:
    /// Holds the mutex until it is destroyed. Keep the owner of the AsyncMutex alive meanwhile.
    class Lock {
    public:
        Lock(Lock&&) = default;
        Lock& operator=(Lock&&) = delete;
        ~Lock()
        {
            if (state_) {
                hand_on(state_);
            }
        }

    private:
        friend class AsyncMutex;
        explicit Lock(std::shared_ptr<State> state) : state_(std::move(state)) {}
        std::shared_ptr<State> state_;
    };

    /// Returns a Lock once all earlier callers have released theirs; at once if the mutex is free.
    Pending<Lock> lock()
    {
        if (!state_) {
            state_ = std::make_shared<State>();
        }
        if (!state_->taken && !state_->handing_on) { // otherwise queue behind the earlier callers
            state_->taken = true;
            return Pending<Lock>::ready(Lock(state_));
        }
        Pending<Lock> pending;
        state_->waiting.push_back(pending.promise());
        return pending;
    }

    /// Whether lock() would have to wait.
    bool is_locked() const { return state_ && (state_->taken || state_->handing_on); }

    /// Returns how many callers wait for a lock.
    std::size_t waiting() const { return state_ ? state_->waiting.size() : 0; }

private:
    struct State {
        std::list<Pending<Lock>::Promise> waiting; ///< a deque would hold memory for every idle user
        bool taken = false;
        bool handing_on = false;
    };

    /// Gives the lock to the next waiting caller. A loop instead of recursion, because many waiting callers
    /// may release the lock immediately.
    static void hand_on(std::shared_ptr<State> state)
    {
        state->taken = false;
        if (state->handing_on) {
            return;
        }
        state->handing_on = true;
        while (!state->taken && !state->waiting.empty()) {
            auto next = std::move(state->waiting.front());
            state->waiting.pop_front();
            state->taken = true;
            next.fulfil(Lock(state));
        }
        state->handing_on = false;
    }

    std::shared_ptr<State> state_; ///< made by the first lock(): most mutexes are never used
};

} // namespace stonechat
