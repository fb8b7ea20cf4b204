// SPDX-License-Identifier: Apache-2.0
// RoomExpiry: periodic work for rooms that nobody addresses. It removes old messages, and rooms that are not
// persistent and were left over by a restart. Part of the module `muc`; works on shard 0 only.
#pragma once

#include "net/timer_wheel.hpp"
#include "storage/room_store.hpp"

#include <string>

namespace stonechat {

class MucService;

class RoomExpiry {
public:
    explicit RoomExpiry(MucService& service);
    RoomExpiry(const RoomExpiry&) = delete;

private:
    void expire();
    void look_for_leftovers(std::string after);
    void look_at(const std::vector<RoomSummary>& rooms);

    MucService& service_;
    Timer expire_timer_;
};

} // namespace stonechat
