// SPDX-License-Identifier: Apache-2.0
#include "muc/notice_interests.hpp"

#include <string>

namespace stonechat {

bool NoticeInterests::wants(std::string_view user, RoomNotice::Mention mention,
    NotificationSetting otherwise) const
{
    const auto found = answers_.find(user);
    if (found == answers_.end() || found->second.otherwise != otherwise) {
        return true;
    }
    switch (found->second.interest) {
    case NoticeInterest::none: return false;
    case NoticeInterest::mentions: return mention != RoomNotice::Mention::no;
    case NoticeInterest::all: return true;
    }
    return true;
}

void NoticeInterests::set(const RoomNotice& notice, NoticeInterest interest, std::size_t users)
{
    constexpr std::size_t few = 64;
    if (answers_.size() >= 2 * users + few) {
        answers_.clear();
    }
    answers_.insert_or_assign(notice.user.text(), Answer { interest, notice.otherwise });
}

} // namespace stonechat
