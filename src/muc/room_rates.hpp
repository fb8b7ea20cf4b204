// SPDX-License-Identifier: Apache-2.0
// RoomRates: how much one user, and all users together, may send to a room (XEP-0045 section 14.6). Part of a
// Room; shard-bound.
#pragma once

#include "base/rate_limit.hpp"
#include "xmpp/jid.hpp"

#include <string>
#include <unordered_map>

namespace stonechat {

class MucService;

class RoomRates {
public:
    explicit RoomRates(const MucService& service);

    /// Whether `user` may send one more message now. Counts it against the rate limit of the user and of the
    /// room.
    bool allows_message(const Jid& user);
    /// Whether `user` may send one more presence now. Counts it against the user's rate limit.
    bool allows_presence(const Jid& user);
    /// Forgets users who are within the full limits.
    void forget_unused();

private:
    struct Rates {
        RateLimit messages;
        RateLimit presences;
    };
    Rates& rates_of(const Jid& user);
    SteadyTime now() const;

    const MucService& service_;
    std::unordered_map<std::string, Rates> rates_; ///< a user within the full limits has no entry
    RateLimit all_messages_;
};

} // namespace stonechat
