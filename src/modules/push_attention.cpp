// SPDX-License-Identifier: Apache-2.0
#include "modules/push_attention.hpp"

#include "xmpp/mentions.hpp"
#include "xmpp/message_content.hpp"
#include "xmpp/ns.hpp"

namespace stonechat {

bool may_wake(const Element& message, NotificationSetting setting, const Jid& user)
{
    switch (setting) {
    case NotificationSetting::always: return true;
    case NotificationSetting::on_mention:
        return has_ciphertext(message) || is_call_invite(message)
            || MentionedAddresses(message).has_user(user);
    case NotificationSetting::never: return false;
    }
    return true;
}

Attention attention_for(RoomNotice::Mention mention, NotificationSetting setting)
{
    switch (setting) {
    case NotificationSetting::always: return Attention::wake;
    case NotificationSetting::on_mention: break;
    case NotificationSetting::never: return Attention::none;
    }
    switch (mention) {
    case RoomNotice::Mention::no: return Attention::none;
    case RoomNotice::Mention::unknown: return Attention::count;
    case RoomNotice::Mention::yes: return Attention::wake;
    }
    return Attention::none;
}

NoticeInterest interest_of(NotificationSetting setting)
{
    switch (setting) {
    case NotificationSetting::always: return NoticeInterest::all;
    case NotificationSetting::on_mention: return NoticeInterest::mentions;
    case NotificationSetting::never: return NoticeInterest::none;
    }
    return NoticeInterest::all;
}

bool is_from_occupant(const Stanza& message)
{
    return message.message_type() != MessageType::groupchat && message.from().has_resource()
        && message.element().child("x", ns::muc_user) != nullptr;
}

} // namespace stonechat
