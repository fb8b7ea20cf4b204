// SPDX-License-Identifier: Apache-2.0
// NoticeInterests: which notices (router/room_notice.hpp) the users of a room have a use for, as far as their
// accounts have answered. Part of a Room; shard-bound; in memory only.
#pragma once

#include "base/string_hash.hpp"
#include "router/room_notice.hpp"

#include <cstddef>
#include <string_view>

namespace stonechat {

class NoticeInterests {
public:
    /// Whether a notice about such a mention may be of use to `user` (bare).
    bool wants(std::string_view user, RoomNotice::Mention mention, NotificationSetting otherwise) const;

    /// `users` is the number of users that the room knows. Those who have left are forgotten from time to
    /// time.
    void set(const RoomNotice& notice, NoticeInterest interest, std::size_t users);
    void forget(std::string_view user) { answers_.erase(user); }

private:
    struct Answer {
        NoticeInterest interest;
        NotificationSetting otherwise; ///< the answer is about this only
    };
    StringMap<Answer> answers_; ///< by bare address
};

} // namespace stonechat
