// SPDX-License-Identifier: Apache-2.0
// StreamSweep: looks now and then for records of resumable sessions (XEP-0198) that nobody came back for
// after a restart of the server, and ends them. Sessions in memory see to that themselves: of these the
// sweep only sees to it that the store knows they live. Owned by C2s; on shard 0, the rest on the home
// shards of the owners.
#pragma once

#include "net/timer_wheel.hpp"
#include "storage/stream_store.hpp"

#include <memory>
#include <vector>

namespace stonechat {

class C2s;
class Router;

class StreamSweep final : public std::enable_shared_from_this<StreamSweep> {
public:
    explicit StreamSweep(C2s& service);

    /// Begins; on any thread, once.
    void start();

private:
    void look();
    void on_expired(const Result<std::vector<StreamRecord>, StoreError>& records);
    void at_home(Router& home, const StreamRecord& record);

    C2s& service_;
    Timer timer_;
};

} // namespace stonechat
