// SPDX-License-Identifier: Apache-2.0
// Queries: each call of the stores in storage/storage.hpp as SQL. Plain functions that run inside
// someone else's transaction; a failure sticks to the connection and the value is then meaningless.
// Functions on a Connection only read and run on any thread; those on a Database run on the writer.
#pragma once

#include "storage/sqlite/database.hpp"
#include "storage/storage.hpp"

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace stonechat::sqlite {

// accounts.cpp
std::optional<Account> find_account(Connection& db, const AccountKey& key);
bool create_account(Database& db, const AccountKey& key, const std::vector<ScramVerifier>& verifiers,
    WallTime now);
bool set_verifiers(Database& db, const AccountKey& key, const std::vector<ScramVerifier>& verifiers);
bool set_enabled(Database& db, const AccountKey& key, bool enabled);
bool remove_account(Database& db, const AccountKey& key);
std::vector<Account> list_accounts(Connection& db, const std::string& host, const std::string& after,
    std::size_t limit);
std::size_t count_accounts(Connection& db, const std::string& host);

// rosters.cpp
RosterData load_roster(Connection& db, const AccountKey& key);
Done put_roster_record(Database& db, const AccountKey& key, const RosterRecord& record,
    std::uint64_t version);
Done remove_roster_record(Database& db, const AccountKey& key, const Jid& contact, std::uint64_t version);

// mailbox.cpp
MailboxAnswer append_message(Database& db, const AccountKey& key, const MailboxMessage& message,
    const MailboxLimits& limits);
std::vector<MailboxMessage> read_messages(Connection& db, const AccountKey& key, std::uint64_t after,
    std::size_t limit);
Done remove_messages(Database& db, const AccountKey& key, std::uint64_t up_to);
std::size_t count_messages(Connection& db, const AccountKey& key);

// keyval.cpp
std::optional<std::string> get_value(Connection& db, const AccountKey& key, const std::string& store,
    const std::string& name);
Done set_value(Database& db, const AccountKey& key, const std::string& store, const std::string& name,
    const std::string& value);
Done erase_value(Database& db, const AccountKey& key, const std::string& store, const std::string& name);
KeyvalStore::Entries load_values(Connection& db, const AccountKey& key, const std::string& store);
Done apply_values(Database& db, const AccountKey& key, const std::string& store,
    const KeyvalStore::Changes& changes);

/// A number as SQL has it, the highest one if it does not fit.
inline std::int64_t sql_number(std::uint64_t value)
{
    constexpr std::uint64_t highest = INT64_MAX;
    return static_cast<std::int64_t>(value < highest ? value : highest);
}

inline std::int64_t sql_time(WallTime time)
{
    return time.time_since_epoch().count();
}

inline WallTime wall_time(std::int64_t microseconds)
{
    return WallTime(std::chrono::microseconds(microseconds));
}

} // namespace stonechat::sqlite
