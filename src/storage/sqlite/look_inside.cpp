// SPDX-License-Identifier: Apache-2.0
// Reads a database from outside the server, for `stonechat check`. A server may be using the database.
#include "storage/sqlite/queries.hpp"
#include "storage/sqlite_storage.hpp"

#include <filesystem>

namespace stonechat {
namespace {

namespace fs = std::filesystem;

/// Without a log file all data is in the database file, and it can be read without creating files beside it.
sqlite::Connection::Access access_to(const std::string& path)
{
    std::error_code is_absent;
    const auto log_size = fs::file_size(path + "-wal", is_absent);
    return is_absent || log_size == 0 ? sqlite::Connection::Access::unchanging
                                      : sqlite::Connection::Access::read_only;
}

} // namespace

Result<std::vector<AccountKey>, StorageOpenError> keys_without_account(const std::string& path,
    std::vector<AccountKey> keys)
{
    std::error_code ignored; // a file that cannot be examined cannot be opened either
    if (keys.empty() || !fs::exists(path, ignored)) {
        return keys;
    }
    auto db = sqlite::Connection::open(path, access_to(path));
    if (!db) {
        return StorageOpenError { "The database " + path + " cannot be read: " + db.error() };
    }
    std::erase_if(keys, [&db](const AccountKey& key) { return sqlite::find_account(*db, key).has_value(); });
    if (db->failure() != sqlite::Failure::none) {
        return StorageOpenError { "The database " + path + " cannot be read: " + db->problem() };
    }
    return keys;
}

} // namespace stonechat
