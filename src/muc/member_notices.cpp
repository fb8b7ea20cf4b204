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

constexpr std::string_view scheme = "xmpp:";

/// The parts of a message that decide who is mentioned. Parsed once for all users.
struct Said {
    explicit Said(const Element& message);

    bool refers_to(std::string_view bare, std::string_view resource = {}) const;

    std::string body;
    Mentions words;
    std::vector<std::string> references; ///< XEP-0372: addresses of users or occupants
};

std::vector<std::string> references_in(const Element& message)
{
    std::vector<std::string> addresses;
    for (const Element* reference : message.children("reference", ns::reference)) {
        const std::string_view uri = reference->attribute_or("uri");
        if (reference->attribute_or("type") == "mention" && uri.starts_with(scheme)) {
            addresses.emplace_back(uri.substr(scheme.size()));
        }
    }
    return addresses;
}

Said::Said(const Element& message)
    : body(message.child_text("body")), words(body), references(references_in(message))
{}

bool Said::refers_to(std::string_view bare, std::string_view resource) const
{
    return std::any_of(references.begin(), references.end(), [&](std::string_view address) {
        if (!address.starts_with(bare)) {
            return false;
        }
        address.remove_prefix(bare.size());
        return resource.empty() ? address.empty() : address.starts_with('/') && address.substr(1) == resource;
    });
}

bool is_meant(const Room& room, const Said& said, const Jid& user, std::string_view nick)
{
    if (said.refers_to(user.bare_text())) {
        return true;
    }
    return !nick.empty() && (said.words.has(nick) || said.refers_to(room.address().text(), nick));
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
    const Said said(message);
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
