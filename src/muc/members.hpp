// SPDX-License-Identifier: Apache-2.0
// Members: a room's affiliations and reserved nicks (XEP-0045 sections 5.2 and 7.10). A copy in memory of
// what is in the store: a change is stored first, then applied here. Part of a Room; shard-bound.
#pragma once

#include "storage/room_store.hpp"
#include "xmpp/jid.hpp"

#include <functional>
#include <map>
#include <string>
#include <string_view>
#include <vector>

namespace stonechat {

class Members {
public:
    Members() = default;
    explicit Members(std::vector<RoomMember> members);

    /// Returns the affiliation of the bare address of `user`. A ban of the user's whole domain applies if the
    /// user has no affiliation of their own (§9.2).
    Affiliation affiliation(const Jid& user) const;
    /// Returns what is stored about the bare address of `user`, or null.
    const RoomMember* find(const Jid& user) const;
    /// Returns a copy to change: of the stored member, or of a new one without affiliation.
    RoomMember copy_of(const Jid& user) const;
    /// Returns the member who has reserved this nick, or null.
    const RoomMember* holder_of(std::string_view nick) const;

    std::vector<const RoomMember*> with(Affiliation affiliation) const;
    std::vector<Jid> jids_with(Affiliation affiliation) const;
    /// All stored members, in order of address.
    const std::map<std::string, RoomMember, std::less<>>& all() const { return by_jid_; }
    /// Approximate memory used by all members, in bytes.
    std::size_t bytes() const { return bytes_; }
    static std::size_t bytes_of(const RoomMember& member);

    /// Replaces what is known about `member.jid`. Removes the entry if `member.is_nobody()`.
    void apply(const RoomMember& member);

private:
    std::map<std::string, RoomMember, std::less<>> by_jid_;
    std::map<std::string, std::string, std::less<>> by_nick_; ///< nick to address
    std::size_t bytes_ = 0;
};

} // namespace stonechat
