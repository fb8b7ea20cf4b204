// SPDX-License-Identifier: Apache-2.0
// ArchiveStore: each account's archive of the messages it sent and received (XEP-0313), in the order of
// commits. MessageStore::accept adds messages. A message to oneself is archived once.
//
// `page`, `ends` and `find` may take some milliseconds, so no other call waits for them. They see all writes
// requested before them, and may see some requested later.
#pragma once

#include "storage/message_store.hpp"

#include <chrono>
#include <optional>
#include <string>
#include <vector>

namespace stonechat {

/// Selects messages of an archive and a page of the selection. All conditions must hold.
struct ArchiveQuery {
    std::optional<Jid> with; ///< bare JID: that address and all its resources; full JID: exactly that one
    std::optional<WallTime> start;      ///< received at or after
    std::optional<WallTime> end;        ///< received at or before
    std::optional<MessageId> after_id;  ///< XEP-0313 #extended: newer than this
    std::optional<MessageId> before_id; ///< older than this
    std::vector<MessageId> ids;         ///< if not empty: only these, and all must exist
    /// Only messages whose body has all these words: letters and digits, the first 32 words; the last word
    /// may be a prefix. Empty = all. Finds messages that `index` has processed.
    std::string text;

    // The page (XEP-0059) within the selection above.
    std::optional<MessageId> page_after;
    std::optional<MessageId> page_before;
    bool from_the_end = false; ///< the last page, or the one that ends before `page_before`
    std::size_t limit = 50;    ///< 0: the count only
};

struct ArchivedMessage {
    MessageId id = 0;
    WallTime stamp;
    std::string xml;
};

struct ArchivePage {
    std::vector<ArchivedMessage> messages; ///< oldest first, also with `from_the_end`
    bool complete = false;                 ///< no further page in the direction of paging
    std::optional<std::size_t> count; ///< size of the selection; counted up to about 5000 (1000 for a search)
    std::optional<std::size_t> first_index; ///< index of the first of `messages`; limited like `count`
};

struct ArchiveEnds {
    struct End {
        MessageId id;
        WallTime stamp;
    };
    std::optional<End> oldest; ///< none if the archive is empty
    std::optional<End> newest;
};

/// How long messages are kept, in whole days. 0 = not archived at all; none = for ever.
struct Retention {
    std::optional<unsigned> days;
    friend bool operator==(const Retention&, const Retention&) = default;
};

class ArchiveStore {
public:
    virtual ~ArchiveStore() = default;

    /// Returns nothing if an id in `ids`, `after_id`, `before_id`, `page_after` or `page_before` is unknown
    /// (XEP-0313: item-not-found).
    virtual Stored<std::optional<ArchivePage>> page(const AccountKey& owner, ArchiveQuery query) = 0;
    virtual Stored<ArchiveEnds> ends(const AccountKey& owner) = 0;

    /// XEP-0424: replaces the stanza of the message `id` of `owner`, in every archive that shares it. Returns
    /// false if `owner` has no such message.
    virtual Stored<bool> replace(const AccountKey& owner, MessageId id, std::string xml) = 0;
    /// Returns the newest message that `owner` sent to `peer` (`outgoing`) or received from `peer` whose
    /// stanza id or origin id is `stanza_id`. Looks at the newest 10,000 of them.
    virtual Stored<std::optional<ArchivedMessage>> find(const AccountKey& owner, Jid peer, bool outgoing,
        std::string stanza_id) = 0;
    /// Removes the archive of `owner`, or one conversation of it (`peer`, bare), in small steps that do not
    /// delay other writes. The stanzas themselves are deleted when no archive or mailbox refers to them any
    /// more.
    virtual Stored<Done> remove(const AccountKey& owner, std::optional<Jid> peer) = 0;

    /// Returns the size of the stanzas in the archive of `owner`, in bytes.
    virtual Stored<std::uint64_t> size(const AccountKey& owner) = 0;
    /// Removes the oldest messages of `owner`, in small steps, until the rest takes `bytes` at most. Returns
    /// the size of the rest, in bytes.
    virtual Stored<std::uint64_t> trim(const AccountKey& owner, std::uint64_t bytes) = 0;

    /// Sets the owner's retention for the whole archive, or for the conversation with `peer` (bare). No
    /// value: the default of the host applies. Takes effect on stored messages at the next expiry.
    virtual Stored<Done> set_retention(const AccountKey& owner, std::optional<Jid> peer,
        std::optional<Retention> retention) = 0;
    struct RetentionChoices {
        std::optional<Retention> everything;
        std::vector<std::pair<Jid, Retention>> conversations;
    };
    virtual Stored<RetentionChoices> retention(const AccountKey& owner) = 0;
    /// Removes expired messages of accounts of `host` and data left by removed accounts, `limit` at most. The
    /// age of a message counts from when it was stored. Returns how many were removed. `limit` may also mean
    /// that more is left to examine: call again after a pause.
    virtual Stored<std::size_t> expire(std::string host, Retention host_default, WallTime now,
        std::size_t limit) = 0;

    /// Adds messages that were not examined yet to the search index, `limit` at most. Returns how many it
    /// examined. Call again while the result is `limit`.
    virtual Stored<std::size_t> index(std::size_t limit) = 0;
};

} // namespace stonechat
