// SPDX-License-Identifier: Apache-2.0
// ArchiveView: one owner's archive at one moment, for readers: the filed messages in a snapshot of the
// database, and those that are not filed yet (Tail).
#pragma once

#include "storage/sqlite/database.hpp"

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <vector>

namespace stonechat::sqlite {

/// Ids between two ids, both excluded.
struct Range {
    std::int64_t above = -1;
    std::int64_t below = INT64_MAX;
};

/// A filter for messages that are not filed yet.
struct Wanted {
    Range range;
    std::optional<std::int64_t> peer;
    std::optional<std::string> resource;
    std::optional<bool> outgoing;

    bool is_met_by(const TailEntry& entry) const;
};

class ArchiveView {
public:
    ArchiveView(Database& db, const AccountKey& key);
    ArchiveView(const ArchiveView&) = delete;
    ArchiveView& operator=(const ArchiveView&) = delete;
    ~ArchiveView() { leave(); }

    Connection& db() { return db_; }
    /// Nothing if nothing was ever stored for the account.
    const std::optional<std::int64_t>& owner() const { return owner_; }

    /// Begins a new snapshot.
    void renew();

    /// Reads the messages from the Tail that are not filed in this snapshot. Returns false if the Tail has
    /// dropped messages that the snapshot does not have as filed: then a new snapshot is needed.
    bool take(const Wanted& wanted);

    /// Returns the size of the owner's messages in this snapshot, in bytes; nothing if a new snapshot is
    /// needed.
    std::optional<std::uint64_t> size() const;

    /// Returns the ids read by `take`, in order.
    std::span<const std::int64_t> unfiled(Range range = {}) const;

    struct Unfiled {
        std::int64_t id;
        std::int64_t peer;
        bool outgoing;
    };
    /// Returns all that `take` has read, in order of id.
    std::span<const Unfiled> unfiled_entries() const { return entries_; }

private:
    void leave();

    Connection& db_;
    const Tail& tail_;
    std::optional<std::int64_t> owner_;
    std::vector<std::int64_t> unfiled_;
    std::vector<Unfiled> entries_;
};

} // namespace stonechat::sqlite
