// SPDX-License-Identifier: Apache-2.0
// Database: one thread's view of the database: its connection and its caches. Only the writer caches rows.
// That is safe because nobody else writes (this process holds the lock on the file, see file.hpp). The caches
// include changes of the open transaction: call `forget` after any rollback.
#pragma once

#include "storage/mailbox_counts.hpp"
#include "storage/sqlite/connection.hpp"
#include "storage/sqlite/filing.hpp"
#include "storage/sqlite/sent_streams.hpp"
#include "storage/storage.hpp"

#include <boost/unordered/unordered_flat_map.hpp>
#include <boost/unordered/unordered_flat_set.hpp>

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <utility>

namespace stonechat::sqlite {

/// Returns the owner number of `key`, if anything is stored for it. For readers too.
std::optional<std::int64_t> owner_number(Connection& db, const AccountKey& key);
/// Returns the number of a bare address, if any message was ever exchanged with it. For readers too.
std::optional<std::int64_t> address_number(Connection& db, std::string_view bare);

class Database {
public:
    Database(Connection connection, Tail& tail)
        : connection_(std::move(connection)), tail_(tail), filing_(connection_, tail)
    {}
    Database(const Database&) = delete;
    Database& operator=(const Database&) = delete;

    Connection& connection() { return connection_; }

    /// The messages that are not filed yet, for readers.
    const Tail& tail() const { return tail_; }
    /// Writer only.
    Filing& filing() { return filing_; }

    /// Writer only: returns the owner number of `key`, if anything is stored for it.
    std::optional<std::int64_t> find_owner(const AccountKey& key);
    /// Writer only: returns the owner number of `key`, made if there is none yet.
    std::int64_t owner(const AccountKey& key);
    /// Writer only: drops the owner from the caches, after its row was deleted.
    void forget_owner(const AccountKey& key);

    /// Writer only: returns the counts of the mailbox of `owner`. Reads the mailbox if the counts are not
    /// cached. Valid until the next call.
    MailboxCounts& mailbox_counts(std::int64_t owner);
    /// Returns the counts if they are cached, otherwise null.
    MailboxCounts* known_mailbox_counts(std::int64_t owner);

    /// Writer only: returns the number of a bare address, made if there is none yet.
    std::int64_t address(std::string_view bare);
    /// Writer only: records that `owner` has a conversation with `peer`.
    void ensure_conversation(std::int64_t owner, std::int64_t peer);
    void forget_conversation(std::int64_t owner, std::int64_t peer) { conversations_.erase({ owner, peer }); }
    /// Writer only: returns whether the resumable session `row` exists.
    bool has_stream(std::int64_t row);
    void forget_stream(std::int64_t row) { streams_.erase(row); }

    /// Writer only: the streams on which accounts have sent messages.
    SentStreams& sent_streams() { return sent_streams_; }

    /// Writer only: returns the number for the next message, which was received at `stamp`.
    std::int64_t next_message(WallTime now, WallTime stamp);

    /// Writer only: returns a number that is above all messages so far and not above any future one.
    std::int64_t next_number() { return numbering().last + 1; }

    /// Writer only: the conversation at which the expiry of a host continues; zero for a new round.
    struct ExpiryPlace {
        std::int64_t owner = 0;
        std::int64_t peer = 0;
    };
    std::unordered_map<std::string, ExpiryPlace>& expiry_places() { return expiry_places_; }

    void forget();

private:
    struct Numbering {
        std::int64_t last = 0;
        std::int64_t reserved = 0;
        std::int64_t late = 0;
        std::int64_t early = 0;
    };
    Numbering& numbering();

    Connection connection_;
    Tail& tail_;
    Filing filing_;
    boost::unordered_flat_map<std::string, std::int64_t> owners_;
    std::unordered_map<std::int64_t, MailboxCounts> mailboxes_;
    boost::unordered_flat_map<std::string, std::int64_t> addresses_;
    boost::unordered_flat_set<std::pair<std::int64_t, std::int64_t>> conversations_;
    boost::unordered_flat_set<std::int64_t> streams_;
    SentStreams sent_streams_ { connection_ };
    std::optional<Numbering> numbering_;
    std::unordered_map<std::string, ExpiryPlace> expiry_places_;
};

} // namespace stonechat::sqlite
