// SPDX-License-Identifier: Apache-2.0
// Queries of a room's archive (XEP-0313 section 6.1.2), and its quota. room_messages puts messages into it.
// Users who may enter the room may query it. Real addresses
// are included only for users who may see them.
#pragma once

#include "router/archive_quota.hpp"
#include "storage/archive_store.hpp"
#include "xmpp/element.hpp"
#include "xmpp/jid.hpp"
#include "xmpp/stanza_error.hpp"

#include <algorithm>
#include <cstddef>
#include <optional>
#include <string>
#include <unordered_map>

namespace stonechat {

class Room;
class RoomHandlers;

/// What a room keeps in memory of its archive. Part of a Room; shard-bound.
class RoomArchive {
public:
    /// Id of the newest message in the archive; 0: none.
    MessageId newest() const { return newest_; }
    void set_newest(MessageId id) { newest_ = std::max(newest_, id); }
    ArchiveQuota& quota() { return quota_; }
    /// Whether `device` may start one more query; at most `most` may run at a time. Counts it if so.
    bool begin_query(const Jid& device, std::size_t most);
    void end_query(const Jid& device);

private:
    MessageId newest_ = 0;
    ArchiveQuota quota_;
    std::unordered_map<std::string, std::size_t> queries_; ///< running ones, by device
};

void attach_room_archive(RoomHandlers& on);

/// Returns why `asker` may not read the archive of the room, or nullopt.
std::optional<StanzaError> archive_problem(const Room& room, const Jid& asker);
/// Removes the element of a stored message that contains its sender's real address.
void strip_real_address(Element& stanza);

/// Counts `bytes` of a message that goes into the archive. If the quota may be exceeded, starts a check that
/// removes the oldest messages.
void count_archived(Room& room, std::size_t bytes);

} // namespace stonechat
