// SPDX-License-Identifier: Apache-2.0
// InboxStore: the conversations in an account's archive, and how far the account has read them (XEP-0430).
// `conversations` and `newest` may take some milliseconds; like the reads of ArchiveStore they delay no other
// call, see all writes requested before them, and may see some requested later.
#pragma once

#include "storage/archive_store.hpp"

#include <cstddef>
#include <optional>
#include <utility>
#include <vector>

namespace stonechat {

/// The unread messages of one conversation are counted up to this number.
inline constexpr std::size_t unread_counted_at_most = 1000;

/// What an account has in one conversation of its archive.
struct Conversation {
    Jid peer;             ///< bare
    MessageId newest = 0; ///< its newest message, which may be a marker or the like
    /// Unread messages (UnreadCounter). In an archive with very much unread it may be too low.
    std::size_t unread = 0;
};

class InboxStore {
public:
    virtual ~InboxStore() = default;

    /// Returns the conversations that have messages, the newest first.
    virtual Stored<std::vector<Conversation>> conversations(const AccountKey& owner) = 0;

    /// Returns the newest instant message of the conversation with each of `peers` (bare), in their order. It
    /// looks at the newest 100 of a conversation.
    virtual Stored<std::vector<std::optional<ArchivedMessage>>> newest(const AccountKey& owner,
        std::vector<Jid> peers) = 0;

    /// In the conversation with `peer`, an account has read the messages up to `id`. A room is a peer whose
    /// messages are in the archive of the room.
    struct ReadPosition {
        Jid peer; ///< bare
        MessageId id = 0;
    };
    /// Remembers how far `owner` has read, if there is such a conversation or room. A position does not move
    /// back; one behind the newest message of the server counts as that.
    virtual Stored<Done> set_read(const AccountKey& owner, std::vector<ReadPosition> positions) = 0;
    /// Returns the positions in the conversations with `peers`, as far as there are any.
    virtual Stored<std::vector<ReadPosition>> read_positions(const AccountKey& owner,
        std::vector<Jid> peers) = 0;
};

} // namespace stonechat
