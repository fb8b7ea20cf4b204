// SPDX-License-Identifier: Apache-2.0
// The SQLite backend: opening a database file, and looking inside one. storage.hpp is the interface that it
// implements.
#pragma once

#include "base/clock.hpp"
#include "base/function.hpp"
#include "base/log.hpp"
#include "base/result.hpp"
#include "storage/storage.hpp"

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

namespace stonechat {

struct SqliteOptions {
    std::string path;            ///< the database file; created if it does not exist
    unsigned readers = 2;        ///< threads for reads
    std::size_t queue = 65536;   ///< most waiting writes, and reads; further calls are answered `unavailable`
    std::uint64_t max_bytes = 0; ///< largest file; writes beyond it are answered `full`. 0 = no limit
    /// A thread that is idle for this long releases its cached pages of the file.
    std::chrono::milliseconds rest = std::chrono::seconds(30);
    /// Called when a write or fsync failed with an I/O error. No unanswered write is safe then, all further
    /// calls are answered with `unavailable`, and the server must stop. Called once, on a thread of the
    /// database; the callback must not call `stop` on that thread.
    Function<void(std::string)> on_fatal;
};

/// Why a database cannot be opened: a sentence that names the file and says what to do.
struct StorageOpenError {
    std::string message;
};

/// Opens the database, or creates it if the file does not exist, and migrates it to the current schema.
/// Refuses a file that is damaged, empty, not Stonechat's, or of a newer schema.
Result<std::unique_ptr<StorageBackend>, StorageOpenError> open_sqlite_storage(SqliteOptions options,
    const Clock& clock, Log& log);

/// Returns those of `keys` that have no account in the database `path`. A server may be using the database;
/// nothing is written. If the file does not exist, all keys are returned.
Result<std::vector<AccountKey>, StorageOpenError> keys_without_account(const std::string& path,
    std::vector<AccountKey> keys);

} // namespace stonechat
