// SPDX-License-Identifier: Apache-2.0
// RoomExpiry: what has to be done for rooms that nobody addresses: old messages go, and so do rooms that were
// not to last and that a restart has left behind. Part of the module `muc`; on shard 0 only.
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
