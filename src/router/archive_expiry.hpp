// SPDX-License-Identifier: Apache-2.0
// ArchiveExpiry: periodically removes old messages from the archives of one domain, of accounts or of rooms.
// Works in small steps with pauses, so that others do not have to wait for the store. Runs once per server,
// on shard 0; shard-bound.
#pragma once

#include "net/timer_wheel.hpp"
#include "storage/archive_store.hpp"

#include <functional>
#include <string>

namespace stonechat {

class Host;

class ArchiveExpiry {
public:
    /// `domain` is the host of the archives' owners. `retention` returns what applies to archives without a
    /// choice of their own; it is called for each step, so a reload applies.
    ArchiveExpiry(Host& host, std::string domain, std::function<Retention()> retention);
    ArchiveExpiry(const ArchiveExpiry&) = delete;

    /// Starts the timer. Call once, on the thread of shard 0.
    void start();

private:
    void expire();

    Host& host_;
    std::string domain_;
    std::function<Retention()> retention_;
    Timer timer_;
};

} // namespace stonechat
