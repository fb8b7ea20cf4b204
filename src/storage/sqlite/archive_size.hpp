// SPDX-License-Identifier: Apache-2.0
// How many bytes the stanzas in each owner's archive take. `owner.archive_bytes` counts what is filed; it
// changes in the transaction that files, replaces or removes. What waits in the Tail is added by whoever
// asks.
#pragma once

#include "storage/sqlite/connection.hpp"

#include <cstdint>

namespace stonechat::sqlite {

/// Collects changes, which come in runs of one owner, and writes one for each run.
class ArchiveSizes {
public:
    explicit ArchiveSizes(Connection& db) : db_(db) {}
    ArchiveSizes(const ArchiveSizes&) = delete;

    /// `bytes` more; less than 0: fewer.
    void add(std::int64_t owner, std::int64_t bytes);
    void write();

private:
    Connection& db_;
    std::int64_t owner_ = 0;
    std::int64_t bytes_ = 0;
};

/// What is filed of `owner`.
std::int64_t filed_archive_bytes(Connection& db, std::int64_t owner);

/// A step of migration: counts what is in the archives.
void count_archive_bytes(Connection& db);

} // namespace stonechat::sqlite
