// SPDX-License-Identifier: Apache-2.0
// DeliveryQueue: keeps stanzas to clients in order; who gets them is decided in delivery.hpp, not here.
// A message of an account or room that is being committed holds a place; later stanzas wait behind it, so all
// are delivered in the order in which they came. It holds nothing for slow clients (stream/outbox.hpp) and
// nothing that is not acknowledged (c2s/stream_management.hpp). Part of an Entity; shard-bound.
#pragma once

#include "base/function.hpp"
#include "base/queue.hpp"

#include <cstdint>

namespace stonechat {

class DeliveryQueue {
public:
    /// Whether nothing is under way: a new stanza may be delivered at once.
    bool is_empty() const { return places_.empty(); }

    /// Takes a place at the end for something that is not ready yet. Returns its number, for ready().
    std::uint64_t hold();
    /// Marks the place as ready. `arrive` is called once everything before it has arrived, perhaps inside
    /// this call. If a called `arrive` throws, the first exception is rethrown here after all that could
    /// arrive have arrived.
    void ready(std::uint64_t place, Function<void()> arrive);
    /// Calls `arrive` behind everything in the queue; at once if the queue is empty.
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
