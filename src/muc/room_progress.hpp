// SPDX-License-Identifier: Apache-2.0
// Progress: how far the users of a room have received and read its messages (docs/protocol/group-ticks.md). A
// copy in memory of what is in the store. Part of a Room; shard-bound.
#pragma once

#include "storage/room_store.hpp"
#include "xmpp/jid.hpp"

#include <algorithm>
#include <map>
#include <string>
#include <vector>

namespace stonechat {

class Progress {
public:
    Progress() = default;
    explicit Progress(std::vector<RoomProgress> progress)
    {
        for (RoomProgress& each : progress) {
            std::string jid = each.jid.text();
            by_jid_.insert_or_assign(std::move(jid), std::move(each));
        }
    }

    const RoomProgress* find(const Jid& bare) const
    {
        const auto found = by_jid_.find(bare.bare_text());
        return found == by_jid_.end() ? nullptr : &found->second;
    }
    /// Advances the progress of a user and returns whether it changed. Progress never goes back. A message
    /// that was displayed also counts as received.
    bool advance(const Jid& bare, MessageId received, MessageId displayed)
    {
        RoomProgress& his = by_jid_[std::string(bare.bare_text())];
        his.jid = bare.bare();
        const RoomProgress before = his;
        his.displayed = std::max(his.displayed, displayed);
        his.received = std::max({ his.received, received, his.displayed });
        return his != before;
    }
    void forget(const Jid& bare)
    {
        if (const auto found = by_jid_.find(bare.bare_text()); found != by_jid_.end()) {
            by_jid_.erase(found);
        }
    }
    const std::map<std::string, RoomProgress, std::less<>>& all() const { return by_jid_; }

private:
    std::map<std::string, RoomProgress, std::less<>> by_jid_;
};

} // namespace stonechat
