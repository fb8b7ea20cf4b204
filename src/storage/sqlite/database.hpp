// SPDX-License-Identifier: Apache-2.0
// Database: one thread's view of the database: its connection, and what that thread remembers so
// that it need not ask again. Only the writer remembers anything, which is right because nobody
// else writes (the file is locked by this process, see file.hpp). What is remembered holds within
// the open transaction: after any roll back, `forget` it.
#pragma once

#include "storage/mailbox_counts.hpp"
#include "storage/sqlite/connection.hpp"
#include "storage/storage.hpp"

#include <boost/unordered/unordered_flat_map.hpp>

#include <optional>
#include <string>
#include <unordered_map>

namespace stonechat::sqlite {

class Database {
public:
    explicit Database(Connection connection) : connection_(std::move(connection)) {}

    Connection& connection() { return connection_; }

    /// Writer only: the number under which everything of `key` is filed, if there is anything.
    std::optional<std::int64_t> find_owner(const AccountKey& key);
    /// Writer only: the same, made if there is none yet.
    std::int64_t owner(const AccountKey& key);
    /// Writer only: the owner's row and all that hangs on it is gone.
    void forget_owner(const AccountKey& key);

    /// Writer only: how much waits in the mailbox of `owner`. Looks through the mailbox the first
    /// time and whenever it was forgotten. Valid until the next call.
    MailboxCounts& mailbox_counts(std::int64_t owner);
    /// The same if it is at hand.
    MailboxCounts* known_mailbox_counts(std::int64_t owner);

    void forget();

private:
    Connection connection_;
    boost::unordered_flat_map<std::string, std::int64_t> owners_;
    std::unordered_map<std::int64_t, MailboxCounts> mailboxes_;
};

} // namespace stonechat::sqlite
