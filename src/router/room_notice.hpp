// SPDX-License-Identifier: Apache-2.0
// RoomNotice: a room tells an account that something was said, because the account's sessions may not have
// it. Whether its devices are woken is decided at the home of the account, which knows the account's
// notification settings (XEP-0492); the room knows the message, and what is usual there.
//
// So that a room does not ask thousands of accounts about each message, the account answers once which
// notices it has a use for, and says so when that may have changed. What a room remembers of it is only in
// memory: a room that knows nothing sends all notices.
#pragma once

#include "xmpp/jid.hpp"
#include "xmpp/notification_settings.hpp"

#include <cstdint>

namespace stonechat {

class Server;

struct RoomNotice {
    enum class Mention : std::uint8_t {
        no,
        unknown, ///< the text is encrypted
        yes,
    };
    Jid user;   ///< bare
    Jid author; ///< the occupant who said it
    Mention mention = Mention::no;
    /// Counts unless the account has a setting of its own for the room: what the user has chosen in the room,
    /// or what is usual in such rooms.
    NotificationSetting otherwise = NotificationSetting::on_mention;
};

enum class NoticeInterest : std::uint8_t {
    none,
    mentions, ///< and what may be one
    all,
};

/// Tells the room of `notice` which notices its account has a use for, as long as `otherwise` stays.
void set_notice_interest(Server& server, const RoomNotice& notice, NoticeInterest interest);
/// Tells a room that `user` (bare) may want other notices from now on.
void forget_notice_interest(Server& server, const Jid& user, const Jid& room);
/// The same for all rooms.
void forget_notice_interest(Server& server, const Jid& user);

} // namespace stonechat
