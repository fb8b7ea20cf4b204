// SPDX-License-Identifier: Apache-2.0
#include "muc/members.hpp"

#include <algorithm>

namespace stonechat {

Members::Members(std::vector<RoomMember> members)
{
    for (const RoomMember& member : members) {
        apply(member);
    }
}

Affiliation Members::affiliation(const Jid& user) const
{
    if (const RoomMember* member = find(user);
        member != nullptr && member->affiliation != Affiliation::none) {
        return member->affiliation;
    }
    const auto domain = by_jid_.find(user.domain());
    const bool banned = domain != by_jid_.end() && domain->second.affiliation == Affiliation::outcast;
    return banned ? Affiliation::outcast : Affiliation::none;
}

const RoomMember* Members::find(const Jid& user) const
{
    const auto found = by_jid_.find(user.bare_text());
    return found == by_jid_.end() ? nullptr : &found->second;
}

RoomMember Members::copy_of(const Jid& user) const
{
    if (const RoomMember* member = find(user)) {
        return *member;
    }
    RoomMember nobody;
    nobody.jid = user.bare();
    return nobody;
}

const RoomMember* Members::holder_of(std::string_view nick) const
{
    const auto found = by_nick_.find(nick);
    return found == by_nick_.end() ? nullptr : &by_jid_.find(found->second)->second;
}

std::vector<const RoomMember*> Members::with(Affiliation affiliation) const
{
    std::vector<const RoomMember*> members;
    for (const auto& [jid, member] : by_jid_) {
        if (member.affiliation == affiliation) {
            members.push_back(&member);
        }
    }
    return members;
}

std::vector<Jid> Members::jids_with(Affiliation affiliation) const
{
    std::vector<Jid> jids;
    for (const RoomMember* member : with(affiliation)) {
        jids.push_back(member->jid);
    }
    return jids;
}

std::size_t Members::bytes_of(const RoomMember& member)
{
    constexpr std::size_t frame = 256; // string objects, two map nodes, malloc's overhead
    return frame + 2 * member.jid.text().size() + 2 * member.nick.size() + member.reason.size()
        + member.choices.size();
}

void Members::apply(const RoomMember& member)
{
    const std::string& jid = member.jid.text();
    if (const auto old = by_jid_.find(jid); old != by_jid_.end()) {
        if (!old->second.nick.empty()) {
            by_nick_.erase(old->second.nick);
        }
        bytes_ -= bytes_of(old->second);
        by_jid_.erase(old);
    }
    if (member.is_nobody()) {
        return;
    }
    by_jid_.emplace(jid, member);
    bytes_ += bytes_of(member);
    if (!member.nick.empty()) {
        by_nick_.insert_or_assign(member.nick, jid);
    }
}

} // namespace stonechat
