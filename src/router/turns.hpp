// SPDX-License-Identifier: Apache-2.0
// Turns: those who change one thing, each in several steps with waits between, do it one after
// another, in the order in which they asked. Part of what is changed; shard-bound.
#pragma once

#include "base/task.hpp"

#include <list>
#include <memory>
#include <utility>

namespace stonechat {

class Turns {
    struct State;

public:
    /// As long as it lives, nobody else has one. StoragePolicy what owns the Turns alive meanwhile.
    class Turn {
    public:
        Turn(Turn&&) = default;
        Turn& operator=(Turn&&) = delete;
        ~Turn()
        {
            if (state_) {
                hand_on(state_);
            }
        }

    private:
        friend class Turns;
        explicit Turn(std::shared_ptr<State> state) : state_(std::move(state)) {}
        std::shared_ptr<State> state_;
    };

    /// Gives a Turn when all who asked before are done; at once if nobody is at it.
    Pending<Turn> take()
    {
        if (!state_) {
            state_ = std::make_shared<State>();
        }
        if (!state_->taken && !state_->handing_on) { // else behind those who wait
            state_->taken = true;
            return Pending<Turn>::ready(Turn(state_));
        }
        Pending<Turn> pending;
        state_->waiting.push_back(pending.promise());
        return pending;
    }

    /// Whether who asks now has to wait.
    bool is_taken() const { return state_ && (state_->taken || state_->handing_on); }

    /// How many wait.
    std::size_t waiting() const { return state_ ? state_->waiting.size() : 0; }

private:
    struct State {
        std::list<Pending<Turn>::Promise> waiting; ///< a deque would hold memory for every idle user
        bool taken = false;
        bool handing_on = false;
    };

    /// A loop instead of recursion: of those who wait, many may be done at once.
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
            next.fulfil(Turn(state));
        }
        state->handing_on = false;
    }

    std::shared_ptr<State> state_; ///< made by the first who asks
};

} // namespace stonechat
