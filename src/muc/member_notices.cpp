// SPDX-License-Identifier: Apache-2.0
#include "muc/member_notices.hpp"

#include "muc/muc_service.hpp"
#include "muc/room_registration.hpp"
#include "net/shard.hpp"
#include "router/host.hpp"
#include "router/router.hpp"
#include "router/server.hpp"
#include "xmpp/mentions.hpp"
#include "xmpp/message_content.hpp"
#include "xmpp/ns.hpp"

#include <algorithm>
#include <string>
#include <utility>

namespace stonechat {
namespace {

using Mention = RoomNotice::Mention;

/// The parts of a message that decide who is mentioned. Parsed once for all users.
struct Said {
    explicit Said(const Element& message)
        : body(message.child_text("body")), words(body), addresses(message),
          is_encrypted(has_ciphertext(message))
    {}

    bool says_something() const { return !body.empty() || is_encrypted; }

    std::string body;
    Mentions words;
    MentionedAddresses addresses;
    bool is_encrypted;
};

/// The body of an encrypted message is a remark for clients that cannot read it. Everything that is encrypted
/// counts as a mention where members are among themselves.
Mention mention_of(const Room& room, const Said& said, const Jid& user, std::string_view nick)
{
    if (said.addresses.has_user(user)
        || (!nick.empty() && said.addresses.has_occupant(room.address(), nick))) {
        return Mention::yes;
    }
    if (said.is_encrypted) {
        return room.config().members_only ? Mention::yes : Mention::unknown;
    }
    return said.words.has(nick) ? Mention::yes : Mention::no;
}

/// Leaves one notice to each user, the one with the most certain mention.
void leave_one_each(std::vector<RoomNotice>& notices)
{
    std::sort(notices.begin(), notices.end(), [](const RoomNotice& a, const RoomNotice& b) {
        return a.user == b.user ? a.mention > b.mention : a.user < b.user;
    });
    const auto same_user = [](const RoomNotice& a, const RoomNotice& b) { return a.user == b.user; };
    notices.erase(std::unique(notices.begin(), notices.end(), same_user), notices.end());
}

} // namespace

std::vector<RoomNotice> notices_of(const Room& room, const Occupant& sender, const Element& message)
{
    std::vector<RoomNotice> notices;
    const Said said(message);
    if (!said.says_something()) {
        return notices;
    }
    const auto add = [&](const Jid& user, std::string_view nick, const RoomMember* member) {
        if (user == sender.user || !room.service().is_local(user)) {
            return;
        }
        const Mention mention = mention_of(room, said, user, nick);
        const NotificationSetting setting = notification_setting(room, member);
        if (room.notice_interests().wants(user.text(), mention, setting)) {
            notices.push_back({ user, sender.address, mention, setting });
        }
    };
    for (const auto& [jid, member] : room.members().all()) {
        if (member.affiliation >= Affiliation::member) {
            add(member.jid, member.nick, &member);
        }
    }
    room.occupants().for_each([&](const Occupant& occupant) {
        add(occupant.user, occupant.nick(), room.members().find(occupant.user));
    });
    leave_one_each(notices);
    return notices;
}

void send_notices(const Room& room, const std::vector<RoomNotice>& notices)
{
    Server& server = room.host().router().server();
    std::vector<std::vector<RoomNotice>> by_shard(server.shard_count());
    for (const RoomNotice& notice : notices) {
        by_shard[server.shard_of(notice.user.text())].push_back(notice);
    }
    for (std::size_t shard = 0; shard < by_shard.size(); ++shard) {
        if (by_shard[shard].empty()) {
            continue;
        }
        Router& home = server.router(shard);
        home.shard().post([&home, theirs = std::move(by_shard[shard])] {
            for (const RoomNotice& notice : theirs) {
                if (Host* host = home.host(notice.user.domain())) {
                    host->notice(notice);
                }
            }
        });
    }
}

} // namespace stonechat
