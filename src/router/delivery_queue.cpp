// SPDX-License-Identifier: Apache-2.0
#include "router/delivery_queue.hpp"

#include <exception>
#include <utility>

namespace stonechat {

std::uint64_t DeliveryQueue::hold()
{
    places_.push_back({});
    return first_ + places_.size() - 1;
}

void DeliveryQueue::ready(std::uint64_t place, Function<void()> arrive)
{
    Place& mine = places_[static_cast<std::size_t>(place - first_)];
    mine.ready = true;
    mine.arrive = std::move(arrive);
    if (running_) {
        return; // called from inside an `arrive`: the loop below gets to this place
    }
    running_ = true;
    std::exception_ptr failure; // an `arrive` that throws must not hold up the others
    while (!places_.empty() && places_.front().ready) {
        // The place is removed only after the call: what `arrive` causes to be sent queues behind it.
        auto arriving = std::move(places_.front().arrive);
        try {
            arriving();
        } catch (...) {
            failure = failure ? failure : std::current_exception();
        }
        places_.pop_front();
        ++first_;
    }
    running_ = false;
    if (failure) {
        std::rethrow_exception(failure);
    }
}

} // namespace stonechat
