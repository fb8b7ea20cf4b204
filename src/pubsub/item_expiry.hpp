// SPDX-License-Identifier: Apache-2.0
// ItemExpiry: removes items whose time is over (XEP-0060 pubsub#item_expire), of accounts and services alike,
// and has the events sent where the node lives. Works in small steps. Runs once per server, on shard 0;
// shard-bound.
#pragma once

#include "net/timer_wheel.hpp"
#include "storage/node_store.hpp"

#include <vector>

namespace stonechat {

class Host;

class ItemExpiry {
public:
    explicit ItemExpiry(Host& host);
    ItemExpiry(const ItemExpiry&) = delete;

    /// Starts the timer. Call once, on the thread of shard 0.
    void start();

private:
    void expire();
    void tell(const std::vector<NodeStore::Expired>& expired);

    Host& host_;
    Timer timer_;
};

} // namespace stonechat
