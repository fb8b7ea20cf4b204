// SPDX-License-Identifier: Apache-2.0
// ArchiveStore: each account's view of the messages it sent and received (XEP-0313), in the order in
// which they were committed. Messages get in by MessageStore::accept. What one sends oneself is in
// there once.
//
// Pages, ends and `find` may take some milliseconds, so nobody waits for them: they follow
// the writes that were asked for before them, but may see some that were asked for later.
#pragma once

#include "storage/message_store.hpp"

#include <chrono>
#include <optional>
#include <string>
#include <vector>

namespace stonechat {

/// Which messages of an archive, and which page of them. Conditions add up.
struct ArchiveQuery {
    std::optional<Jid> with;            ///< bare: that address and all its resources; full: exactly that one
    std::optional<WallTime> start;      ///< received at or after
    std::optional<WallTime> end;        ///< received at or before
    std::optional<MessageId> after_id;  ///< XEP-0313 #extended: newer than this
    std::optional<MessageId> before_id; ///< older than this
    std::vector<MessageId> ids;         ///< only these; not empty: all must exist
    /// Only messages whose body has all these words (letters and digits, the first 32 of them; the last
    /// may be the beginning of one); empty = all. Finds what `index` has seen.
    std::string text;

    // The page (XEP-0059), inside what the above selects.
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
    std::vector<ArchivedMessage> messages;  ///< oldest first, whichever end they were taken from
    bool complete = false;                  ///< there is nothing beyond this page in the direction of paging
    std::optional<std::size_t> count;       ///< of all that is selected, up to about 5000 (1000 of a search)
    std::optional<std::size_t> first_index; ///< of the first in `messages` in all that is selected, likewise
};

struct ArchiveEnds {
    struct End {
        MessageId id;
        WallTime stamp;
    };
    std::optional<End> oldest; ///< none if the archive is empty
    std::optional<End> newest;
};

/// How long messages stay. Counted in whole days; 0 = not archived at all; none = for ever.
struct Retention {
    std::optional<unsigned> days;
    friend bool operator==(const Retention&, const Retention&) = default;
};

class ArchiveStore {
public:
    virtual ~ArchiveStore() = default;

    /// Nothing if an id in `ids`, `after_id`, `before_id`, `page_after` or `page_before` is unknown
    /// (XEP-0313: item-not-found).
    virtual Stored<std::optional<ArchivePage>> page(const AccountKey& owner, ArchiveQuery query) = 0;
    virtual Stored<ArchiveEnds> ends(const AccountKey& owner) = 0;

    /// XEP-0424: replaces the stanza of the message which `owner` has under `id`, in every archive that
    /// shares it. False if there is none.
    virtual Stored<bool> replace(const AccountKey& owner, MessageId id, std::string xml) = 0;
    /// The newest message that `owner` sent to (`outgoing`) or got from `peer` whose stanza or origin id is
    /// `stanza_id`, among the newest 10,000 of them.
    virtual Stored<std::optional<ArchivedMessage>> find(const AccountKey& owner, Jid peer, bool outgoing,
        std::string stanza_id) = 0;
    /// Removes what `owner` has, all of it or of one conversation (bare address), in steps that hold
    /// nobody up; the messages themselves go when no archive or mailbox has them any more.
    virtual Stored<Done> remove(const AccountKey& owner, std::optional<Jid> peer) = 0;

    /// What the stanzas in the archive of `owner` take, in bytes.
    virtual Stored<std::uint64_t> size(const AccountKey& owner) = 0;
    /// Removes the oldest messages of `owner`, in steps as above, until the others take `bytes` at most. What
    /// they take then.
    virtual Stored<std::uint64_t> trim(const AccountKey& owner, std::uint64_t bytes) = 0;

    /// One's own choice for everything, or for the conversation with `peer` (bare); no value: as the host
    /// has it. Takes effect on what is there with the next expiry.
    virtual Stored<Done> set_retention(const AccountKey& owner, std::optional<Jid> peer,
        std::optional<Retention> retention) = 0;
    struct RetentionChoices {
        std::optional<Retention> everything;
        std::vector<std::pair<Jid, Retention>> conversations;
    };
    virtual Stored<RetentionChoices> retention(const AccountKey& owner) = 0;
    /// Removes expired messages of accounts of `host`, and what removed accounts left, `limit` at most; how
    /// many. `limit` may also say that there is more to look at: to be called again, after a pause, then.
    /// Counts from when a message was stored.
    virtual Stored<std::size_t> expire(std::string host, Retention host_default, WallTime now,
        std::size_t limit) = 0;

    /// Looks at messages that it has not seen yet, `limit` at most, and makes them searchable; how many it
    /// has looked at. To be called again while the answer is `limit`.
    virtual Stored<std::size_t> index(std::size_t limit) = 0;
};

} // namespace stonechat
