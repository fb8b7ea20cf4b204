// SPDX-License-Identifier: Apache-2.0
// Members: the affiliations of a room, and the nicks that are reserved in it (XEP-0045 section 5.2 and 7.10).
// In memory as it is in the store: changes are stored first, then applied. Part of a Room; shard-bound.
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

    /// Of a user, by his bare address; a ban of his whole domain holds where nothing is said of himself
    /// (§9.2).
    Affiliation affiliation(const Jid& user) const;
    /// What is kept of him, or null.
    const RoomMember* find(const Jid& user) const;
    /// The same for a change: what there is, or a new one without affiliation.
    RoomMember copy_of(const Jid& user) const;
    /// Who has reserved this nick; null if nobody.
    const RoomMember* holder_of(std::string_view nick) const;

    std::vector<const RoomMember*> with(Affiliation affiliation) const;
    std::vector<Jid> jids_with(Affiliation affiliation) const;
    /// Everybody of whom something is kept, in order of address.
    const std::map<std::string, RoomMember, std::less<>>& all() const { return by_jid_; }
    /// What all this takes of memory, roughly.
    std::size_t bytes() const { return bytes_; }
    static std::size_t bytes_of(const RoomMember& member);

    /// Replaces what was kept of `member.jid`; one that is nobody goes.
    void apply(const RoomMember& member);

private:
    std::map<std::string, RoomMember, std::less<>> by_jid_;
    std::map<std::string, std::string, std::less<>> by_nick_; ///< nick to address
    std::size_t bytes_ = 0;
};

} // namespace stonechat
