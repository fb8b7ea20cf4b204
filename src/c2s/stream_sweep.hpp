// SPDX-License-Identifier: Apache-2.0
// StreamSweep: periodically ends expired records of sessions (XEP-0198) that were not resumed after a restart
// of the server. A session in memory ends itself with its own timer; if its record looks expired, the sweep
// only has the record's time updated. Owned by C2s. It looks for records on shard 0 and ends each one on the
// home shard of its owner.
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

    /// Starts the sweep. Call once, on any thread.
    void start();

private:
    void look();
    void on_expired(const Result<std::vector<StreamRecord>, StoreError>& records);
    void at_home(Router& home, const StreamRecord& record);

    C2s& service_;
    Timer timer_;
};

} // namespace stonechat
