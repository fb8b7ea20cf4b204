// SPDX-License-Identifier: Apache-2.0
// DeliveryQueue: what is on its way to one user's sessions. A message that is being committed holds its
// place; what came after it waits behind it, so that all arrive in the order in which they came.
// Part of a User; shard-bound.
#pragma once

#include "base/function.hpp"
#include "base/queue.hpp"

#include <cstdint>

namespace stonechat {

class DeliveryQueue {
public:
    /// Nothing is under way: who comes now may go at once.
    bool is_empty() const { return places_.empty(); }

    /// A place for something that is not ready yet.
    std::uint64_t hold();
    /// It is ready: `arrive` is called as soon as everything before it has arrived; perhaps now. What
    /// one of them throws comes out here when all that could arrive have.
    void ready(std::uint64_t place, Function<void()> arrive);
    /// Behind everything that is there; now if nothing is.
    void append(Function<void()> arrive) { ready(hold(), std::move(arrive)); }

private:
    struct Place {
        bool ready = false;
        Function<void()> arrive;
    };
    Queue<Place> places_;
    std::uint64_t first_ = 0; ///< number of places_.front()
    bool running_ = false;
};

} // namespace stonechat
