// SPDX-License-Identifier: Apache-2.0
// Schema: the tables, and the migration of a database file from any earlier schema to the current one. Runs
// once, before the threads start. Refuses a file that is damaged or not Stonechat's. A new file gets its name
// only when it is complete, so that a crash never leaves an empty database.
//
// `user_version` counts the migrations that were applied to a file. All missing ones run in one transaction,
// after a copy `<file>.v<N>.backup` was made. There is no downgrade: restore the copy.
//
// Every start checks size and header, application id and version, that the file is not shorter than its
// header says, and that the first row of each table can be read. Files up to 32 MB are also checked with
// `quick_check`. In larger files this would take seconds, and a crash does not require it: SQLite's log
// survives the crash. A full check belongs into maintenance.
#pragma once

#include "storage/sqlite/connection.hpp"
#include "storage/sqlite_storage.hpp"

#include <cstdint>
#include <span>
#include <string>

namespace stonechat::sqlite {

/// "STNC" in the header of the file: this database is Stonechat's.
inline constexpr std::int64_t application_id = 0x53544e43;

/// One migration to the next schema: SQL, then work on the rows that SQL alone cannot do.
struct Migration {
    using Work = void (*)(Connection&);
    constexpr Migration(const char* its_sql, Work its_work = nullptr) : sql(its_sql), work(its_work) {}

    const char* sql;
    Work work;
};

/// Returns all migrations; the first one creates the tables.
std::span<const Migration> migrations();

/// Creates the file if it does not exist, otherwise checks it; then migrates it to the last of `steps`. The
/// caller holds the file's lock.
Result<Done, StorageOpenError> prepare_database(const std::string& path, std::span<const Migration> steps);

} // namespace stonechat::sqlite
