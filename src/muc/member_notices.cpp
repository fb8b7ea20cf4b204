// SPDX-License-Identifier: Apache-2.0
#include "muc/member_notices.hpp"

#include "muc/room_registration.hpp"
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

/// XEP-0372: somebody is referred to by an address, his own or his one in the room.
bool refers_to(const Element& message, std::string_view address)
{
    const std::string uri = "xmpp:" + std::string(address);
    for (const Element* reference : message.children("reference", ns::reference)) {
        if (reference->attribute_or("type") == "mention" && reference->attribute_or("uri") == uri) {
            return true;
        }
    }
    return false;
}

struct Said {
    const Element& message;
    std::string body;
};

bool is_meant(const Room& room, const Said& said, const Jid& user, std::string_view nick)
{
    if (refers_to(said.message, user.bare_text())) {
        return true;
    }
    return !nick.empty()
        && (mentions(said.body, nick)
            || refers_to(said.message, room.address().text() + "/" + std::string(nick)));
}

bool wants_to_hear(const Room& room, const Said& said, const RoomMember& member)
{
    switch (wake_from_text(member.choices)) {
    case Wake::always: return true;
    case Wake::mentions: return is_meant(room, said, member.jid, member.nick);
    case Wake::never: return false;
    }
    return false;
}

} // namespace

std::vector<Jid> whom_to_notice(const Room& room, const Occupant& sender, const Element& message)
{
    std::vector<Jid> users;
    const Said said { message, message.child_text("body") };
    if (said.body.empty() && !has_ciphertext(message)) {
        return users;
    }
    for (const auto& [jid, member] : room.members().all()) {
        if (member.affiliation >= Affiliation::member && wants_to_hear(room, said, member)) {
            users.push_back(member.jid);
        }
    }
    room.occupants().for_each([&](const Occupant& occupant) {
        if (!is_meant(room, said, occupant.user, occupant.nick())) {
            return;
        }
        const RoomMember* member = room.members().find(occupant.user);
        if (member == nullptr || wake_from_text(member->choices) != Wake::never) {
            users.push_back(occupant.user);
        }
    });
    std::sort(users.begin(), users.end());
    users.erase(std::unique(users.begin(), users.end()), users.end());
    std::erase(users, sender.user);
    return users;
}

void send_notices(const Room& room, const Jid& author, const std::vector<Jid>& users)
{
    for (const Jid& user : users) {
        room.host().router().server().at_home(user, [user, author](Router& home) {
            if (Host* host = home.host(user.domain())) {
                host->notice(user, author);
            }
        });
    }
}

} // namespace stonechat
