// SPDX-License-Identifier: Apache-2.0
// Filing: brings what has been archived into the order of conversations, behind the writes. A message is
// committed with one row in `message`, at its end. Its rows in `archive`, which lie by owner and peer, would
// dirty a page each: so they wait here, in the Tail, until there are many of them, and are then inserted in
// the order of that table, some with each commit. `message_state` says how far that has come, in the same
// transaction as the rows; whoever opens the database after a crash makes the Tail again from `message`.
// Part of the writer's Database.
#pragma once

#include "storage/sqlite/archive_size.hpp"
#include "storage/sqlite/connection.hpp"
#include "storage/sqlite/tail.hpp"

#include <cstddef>
#include <cstdint>
#include <optional>
#include <vector>

namespace stonechat::sqlite {

/// What is filed, as the database says it in one snapshot: everything up to `filed`, and of what is up to
/// `filing` those rows that do not come behind (owner, peer, id).
struct FilingState {
    std::int64_t filed = 0;
    std::int64_t filing = 0; ///< 0: nothing is being filed
    std::int64_t owner = 0;
    std::int64_t peer = 0;
    std::int64_t id = 0;

    static FilingState read(Connection& db);
    bool has_filed(const TailEntry& entry) const;
};

/// In `message.how`: which side has sent it.
inline constexpr std::int64_t archived_outgoing_a = 1;
inline constexpr std::int64_t archived_outgoing_b = 2;

class Filing {
public:
    Filing(Connection& db, Tail& tail) : db_(db), tail_(tail) {}

    /// Once, before anybody reads.
    void load();

    // Inside a transaction.
    /// Its message has been inserted.
    void add(TailEntry entry);
    /// At the end: files some, if it is time.
    void step();
    /// Files everything, for who wants to change `archive`.
    void file_all();
    /// Whether anything of `owner` that is older than `below` may not be filed yet.
    bool has(std::int64_t owner, std::int64_t below) const;
    /// The newest message of `owner` that may not be filed yet and that `is_one` says is one.
    template <class Predicate> std::optional<std::int64_t> newest(std::int64_t owner, Predicate is_one) const
    {
        for (auto entry = pending_.rbegin(); entry != pending_.rend(); ++entry) {
            if (entry->owner == owner && is_one(*entry)) {
                return entry->id;
            }
        }
        return tail_.newest(owner, now_.state.filed, is_one);
    }

    /// What has been done in this transaction, to come back to it when a savepoint is rolled back.
    struct Mark {
        std::vector<TailEntry> pending;
        FilingState state;
        std::size_t at;
        std::size_t open;
    };
    Mark mark() const { return { pending_, now_.state, now_.at, now_.open }; }
    void back_to(Mark mark);

    // When it is over.
    void committed();
    void rolled_back();

private:
    struct Progress {
        FilingState state;
        std::size_t at = 0;   ///< of segment_: what is in front of it is filed
        std::size_t open = 0; ///< entries in the Tail that are not in segment_
    };
    void begin_segment();
    std::size_t filed_at_once() const;
    void file_some(std::size_t count);
    void insert(const TailEntry& entry, ArchiveSizes& sizes);
    void write_state();

    Connection& db_;
    Tail& tail_;
    std::vector<TailEntry> pending_; ///< of this transaction; not in the Tail yet
    std::vector<TailEntry> segment_; ///< what is being filed, in its order
    Progress now_;                   ///< in this transaction
    Progress safe_;                  ///< committed
    std::size_t owed_ = 0;           ///< entries to be filed for those that have come
};

} // namespace stonechat::sqlite
