// SPDX-License-Identifier: Apache-2.0
// Filing: copies archived messages into the table `archive`, which is sorted by conversation, some time after
// their commit. A message is committed as one row at the end of `message`. Its rows in `archive` are sorted
// by owner and peer, so each would dirty a page of its own. Therefore they wait in the Tail until there are
// many, and are then inserted in the order of `archive`, some with each commit. `message_state` records the
// progress in the same transaction as the rows. After a restart the Tail is rebuilt from `message`. Part of
// the writer's Database.
#pragma once

#include "storage/sqlite/archive_size.hpp"
#include "storage/sqlite/connection.hpp"
#include "storage/sqlite/tail.hpp"

#include <cstddef>
#include <cstdint>
#include <optional>
#include <vector>

namespace stonechat::sqlite {

/// The progress of filing in one snapshot of the database. Filed are all messages up to `filed`, and of those
/// up to `filing` the rows that are not after (owner, peer, id).
struct FilingState {
    std::int64_t filed = 0;
    std::int64_t filing = 0; ///< 0: no segment is being filed
    std::int64_t owner = 0;
    std::int64_t peer = 0;
    std::int64_t id = 0;

    static FilingState read(Connection& db);
    bool has_filed(const TailEntry& entry) const;
};

/// Bits of `message.how`: which side sent the message.
inline constexpr std::int64_t archived_outgoing_a = 1;
inline constexpr std::int64_t archived_outgoing_b = 2;

class Filing {
public:
    Filing(Connection& db, Tail& tail) : db_(db), tail_(tail) {}

    /// Loads the Tail. Call once, before any reader starts.
    void load();

    // Inside a transaction.
    /// Adds an entry whose message has been inserted.
    void add(TailEntry entry);
    /// Call at the end of the transaction. Files some entries if enough are due.
    void step();
    /// Files all entries. Call before changing `archive`.
    void file_all();
    /// Returns whether `owner` may have unfiled messages older than `below`.
    bool has(std::int64_t owner, std::int64_t below) const;
    /// Returns the newest message of `owner` that may be unfiled and for which `is_one` returns true.
    template <class Predicate> std::optional<std::int64_t> newest(std::int64_t owner, Predicate is_one) const
    {
        for (auto entry = pending_.rbegin(); entry != pending_.rend(); ++entry) {
            if (entry->owner == owner && is_one(*entry)) {
                return entry->id;
            }
        }
        return tail_.newest(owner, now_.state.filed, is_one);
    }

    /// The progress inside this transaction, to be restored when a savepoint is rolled back.
    struct Mark {
        std::vector<TailEntry> pending;
        FilingState state;
        std::size_t at;
        std::size_t open;
    };
    Mark mark() const { return { pending_, now_.state, now_.at, now_.open }; }
    void back_to(Mark mark);

    // After the transaction.
    void committed();
    void rolled_back();

private:
    struct Progress {
        FilingState state;
        std::size_t at = 0;   ///< index in segment_; entries before it are filed
        std::size_t open = 0; ///< entries in the Tail that are not in segment_
    };
    void begin_segment();
    std::size_t filed_at_once() const;
    void file_some(std::size_t count);
    void insert(const TailEntry& entry, ArchiveSizes& sizes);
    void write_state();

    Connection& db_;
    Tail& tail_;
    std::vector<TailEntry> pending_; ///< entries of this transaction, not in the Tail yet
    std::vector<TailEntry> segment_; ///< entries being filed, sorted
    Progress now_;                   ///< inside this transaction
    Progress safe_;                  ///< as committed
    std::size_t owed_ = 0;           ///< number of entries to file in return for added ones
};

} // namespace stonechat::sqlite
