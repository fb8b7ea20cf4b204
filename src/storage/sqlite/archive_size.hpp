// SPDX-License-Identifier: Apache-2.0
// The size of each owner's archive in bytes. `owner.archive_bytes` counts the filed messages; it changes in
// the transaction that files, replaces or removes them. Messages still in the Tail are not included: the
// caller adds them.
#pragma once

#include "storage/sqlite/connection.hpp"

#include <cstdint>

namespace stonechat::sqlite {

/// Collects size changes, which come in runs of one owner, and writes one update for each run.
class ArchiveSizes {
public:
    explicit ArchiveSizes(Connection& db) : db_(db) {}
    ArchiveSizes(const ArchiveSizes&) = delete;

    /// Adds `bytes` (may be negative) to the archive size of `owner`.
    void add(std::int64_t owner, std::int64_t bytes);
    void write();

private:
    Connection& db_;
    std::int64_t owner_ = 0;
    std::int64_t bytes_ = 0;
};

/// Returns the size of the filed messages of `owner`.
std::int64_t filed_archive_bytes(Connection& db, std::int64_t owner);

/// Migration step: computes the size of all archives.
void count_archive_bytes(Connection& db);

} // namespace stonechat::sqlite
