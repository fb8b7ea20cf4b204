// SPDX-License-Identifier: Apache-2.0
// Database: one thread's view of the database: its connection, and what that thread remembers so
// that it need not ask again. Only the writer remembers anything, which is right because nobody
// else writes (the file is locked by this process, see file.hpp). What is remembered holds within
// the open transaction: after any roll back, `forget` it.
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

/// The number under which everything of `key` is filed, if there is anything. For readers too.
std::optional<std::int64_t> owner_number(Connection& db, const AccountKey& key);
/// The number of a bare address, if anybody has ever written to or from it. For readers too.
std::optional<std::int64_t> address_number(Connection& db, std::string_view bare);

class Database {
public:
    Database(Connection connection, Tail& tail)
        : connection_(std::move(connection)), tail_(tail), filing_(connection_, tail)
    {}
    Database(const Database&) = delete;
    Database& operator=(const Database&) = delete;

    Connection& connection() { return connection_; }

    /// What the writer has not filed yet, for readers.
    const Tail& tail() const { return tail_; }
    /// Writer only.
    Filing& filing() { return filing_; }

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

    /// Writer only: the number of a bare address, made if there is none yet.
    std::int64_t address(std::string_view bare);
    /// Writer only: there is a conversation of `owner` with `peer` from now on.
    void ensure_conversation(std::int64_t owner, std::int64_t peer);
    void forget_conversation(std::int64_t owner, std::int64_t peer) { conversations_.erase({ owner, peer }); }
    /// Writer only: whether there is such a resumable session.
    bool has_stream(std::int64_t row);
    void forget_stream(std::int64_t row) { streams_.erase(row); }

    /// Writer only: the streams of those who send.
    SentStreams& sent_streams() { return sent_streams_; }

    /// Writer only: the number of the next message, which was received at `stamp`.
    std::int64_t next_message(WallTime now, WallTime stamp);

    /// Writer only: lower than that of any message to come.
    std::int64_t next_number() { return numbering().last + 1; }

    /// Writer only: the conversation where the expiry of a host goes on; empty for a new round.
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
