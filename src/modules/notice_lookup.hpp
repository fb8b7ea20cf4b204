// SPDX-License-Identifier: Apache-2.0
// NoticeLookup: notices of rooms (router/room_notice.hpp) for accounts that are not in memory. Most of these
// have no device that could be woken, and to load them all would cost much: the store is asked for their
// devices first, for a few accounts at once, because a room may have thousands of members. Part of the
// module push; shard-bound.
#pragma once

#include "base/result.hpp"
#include "base/string_hash.hpp"
#include "base/task.hpp"
#include "router/room_notice.hpp"

#include <cstddef>
#include <deque>
#include <functional>
#include <string>
#include <vector>

namespace stonechat {

class Host;

class NoticeLookup {
public:
    using OnFound = std::function<void(const RoomNotice& notice)>;
    /// `store` has the devices of an account. `found` is called for accounts that have a device or are in
    /// memory by now; the rooms of all others learn that their notices are of no use.
    void attach(Host& host, std::string store, OnFound found);

    void look_up(const RoomNotice& notice);

private:
    void go_on();
    Task<Done> look_into_store(std::string account);

    Host* host_ = nullptr; ///< set in attach()
    std::string store_;
    OnFound found_;
    StringMap<std::vector<RoomNotice>> waiting_; ///< by localpart of the account
    std::deque<std::string> next_;               ///< accounts that nobody has looked for yet
    std::size_t running_ = 0;                    ///< lookups
};

} // namespace stonechat
