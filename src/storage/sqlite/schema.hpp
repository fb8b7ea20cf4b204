// SPDX-License-Identifier: Apache-2.0
// Schema: the tables, and how a database file gets from any earlier schema to this one. Runs once,
// before the threads start. A file is used only if it is sound and ours; a new one appears under
// its name only when it is complete, so that a crash in between never leaves an empty database.
//
// `user_version` counts the migrations that a file has seen; all that are missing run in one
// transaction, after a copy `<file>.v<N>.backup` was made. There is no way back: restore the copy.
//
// What is checked on every start: size and header, application id, version, that the file is not
// shorter than its header says, and that the first row of each table can be read. Up to 32 MB also
// `quick_check`. Larger files would take seconds, and a crash is no reason to: SQLite's log survives
// it; a full check belongs into maintenance.
#pragma once

#include "storage/sqlite/connection.hpp"
#include "storage/storage.hpp"

#include <cstdint>
#include <span>
#include <string>

namespace stonechat::sqlite {

/// "STNC" in the header of the file: this database is Stonechat's.
inline constexpr std::int64_t application_id = 0x53544e43;

/// What leads from one schema to the next: SQL, and then work on the rows that SQL alone cannot do.
struct Migration {
    using Work = void (*)(Connection&);
    constexpr Migration(const char* its_sql, Work its_work = nullptr) : sql(its_sql), work(its_work) {}

    const char* sql;
    Work work;
};

/// All of them; the first one makes the tables.
std::span<const Migration> migrations();

/// Makes the file if there is none, checks it otherwise, and migrates it to the last of `steps`.
/// The caller holds the file's lock.
Result<Done, StorageOpenError> prepare_database(const std::string& path, std::span<const Migration> steps);

} // namespace stonechat::sqlite
