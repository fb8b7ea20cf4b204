// SPDX-License-Identifier: Apache-2.0
#include "muc/member_notices.hpp"

#include "muc/room_registration.hpp"
#include "router/host.hpp"
#include "router/router.hpp"
#include "router/server.hpp"
#include "xmpp/ns.hpp"

#include <algorithm>
#include <cctype>
#include <string>
#include <utility>

namespace stonechat {
namespace {

/// Part of a word: ASCII letters and digits, and whatever is not ASCII.
bool is_word(char c)
{
    const auto byte = static_cast<unsigned char>(c);
    return byte >= 0x80 || std::isalnum(byte) != 0;
}

bool is_same(char a, char b)
{
    return std::tolower(static_cast<unsigned char>(a)) == std::tolower(static_cast<unsigned char>(b));
}

/// XEP-0372: somebody is referred to by his address.
bool refers_to(const Element& message, const Jid& user)
{
    const std::string uri = "xmpp:" + std::string(user.bare_text());
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

bool is_meant(const Said& said, const Jid& user, std::string_view nick)
{
    return (!nick.empty() && mentions(said.body, nick)) || refers_to(said.message, user);
}

bool wants_to_hear(const Said& said, const RoomMember& member)
{
    switch (wake_from_text(member.choices)) {
    case Wake::always: return true;
    case Wake::mentions: return is_meant(said, member.jid, member.nick);
    case Wake::never: return false;
    }
    return false;
}

} // namespace

bool mentions(std::string_view body, std::string_view nick)
{
    auto from = body.begin();
    while (true) {
        const auto found = std::search(from, body.end(), nick.begin(), nick.end(), is_same);
        if (found == body.end() || nick.empty()) {
            return false;
        }
        const auto behind = found + static_cast<std::ptrdiff_t>(nick.size());
        const bool begins = found == body.begin() || !is_word(*(found - 1));
        const bool ends = behind == body.end() || !is_word(*behind);
        if (begins && ends) {
            return true;
        }
        from = found + 1;
    }
}

std::vector<Jid> whom_to_notice(const Room& room, const Occupant& sender, const Element& message)
{
    std::vector<Jid> users;
    const Said said { message, message.child_text("body") };
    if (said.body.empty()) {
        return users;
    }
    for (const auto& [jid, member] : room.members().all()) {
        if (member.affiliation >= Affiliation::member && wants_to_hear(said, member)) {
            users.push_back(member.jid);
        }
    }
    room.occupants().for_each([&](const Occupant& occupant) {
        if (!is_meant(said, occupant.user, occupant.nick())) {
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

void send_notices(const Room& room, const std::vector<Jid>& users)
{
    for (const Jid& user : users) {
        room.host().router().server().at_home(user, [user, address = room.address()](Router& home) {
            if (Host* host = home.host(user.domain())) {
                host->notice(user, address);
            }
        });
    }
}

} // namespace stonechat
