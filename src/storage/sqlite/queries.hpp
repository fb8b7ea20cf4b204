// SPDX-License-Identifier: Apache-2.0
// Queries: each call of the stores in storage/storage.hpp as SQL. Plain functions that run inside the
// caller's transaction. A failure sticks to the connection, and the returned value is then meaningless.
// Functions on a Connection only read and run on any thread; those on a Database run on the writer unless
// they only read.
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
bool begin_removal(Database& db, const AccountKey& key);
bool remove_account(Database& db, const AccountKey& key, std::uint64_t former_name, WallTime now);
std::vector<AccountKey> list_removals(Connection& db);
std::vector<FormerName> list_former_names(Connection& db);
/// Removes all data of `key`, whose owner number is `owner`.
void remove_owner(Database& db, const AccountKey& key, std::int64_t owner);
std::vector<Account> list_accounts(Connection& db, const std::string& host, const std::string& after,
    std::size_t limit);
std::size_t count_accounts(Connection& db, const std::string& host);

// holdings.cpp
Holdings count_holdings(Connection& db, const AccountKey& key);

// rooms.cpp
std::optional<RoomRecord> load_room(Connection& db, const AccountKey& key);
bool create_room(Database& db, const AccountKey& key, const RoomRecord& record);
bool change_room(Database& db, const AccountKey& key, const RoomStore::Change& change);
bool remove_room(Database& db, const AccountKey& key);
std::vector<RoomSummary> list_rooms(Connection& db, const std::string& host, const std::string& after,
    std::size_t limit, bool listed_only);
std::size_t count_rooms(Connection& db, const std::string& host, bool listed_only);
std::size_t count_owned_rooms(Connection& db, const std::string& host, const Jid& member);
std::vector<std::string> rooms_knowing(Connection& db, const std::string& host, const Jid& user,
    const std::string& store, const std::string& name);
/// Removes what rooms keep of an account, except bans.
void forget_in_rooms(Connection& db, const AccountKey& user);

// nodes.cpp
std::optional<NodeRecord> find_node(Connection& db, const AccountKey& service, const std::string& name);
std::vector<NodeSummary> list_nodes(Connection& db, const AccountKey& service, const std::string& after,
    std::size_t limit);
NodeStore::Creation create_node(Database& db, const AccountKey& service, const NodeRecord& record,
    const NodeLimits& limits);
std::optional<std::vector<std::string>> change_node(Database& db, const AccountKey& service,
    const std::string& name, const NodeStore::Change& change);
bool remove_node(Database& db, const AccountKey& service, const std::string& name);
std::vector<NodeStore::Involvement> nodes_involving(Connection& db, const AccountKey& service,
    const Jid& user);
std::vector<std::string> nodes_with_pending(Connection& db, const AccountKey& service, const Jid& owner,
    std::size_t limit);
Done forget_in_nodes(Connection& db, const Jid& user);

// node_items.cpp
NodeStore::Published publish_items(Database& db, const AccountKey& service,
    const NodeStore::Publication& publication);
std::optional<std::vector<std::string>> retract_items(Database& db, const AccountKey& service,
    const std::string& node, const std::vector<std::string>& ids);
bool purge_items(Database& db, const AccountKey& service, const std::string& node);
NodeStore::ItemPage node_items(Connection& db, const AccountKey& service, const std::string& node,
    const NodeStore::ItemQuery& query);
std::optional<NodeStore::ArchivedItems> archived_items(Connection& db, const AccountKey& service,
    const std::string& node, const ArchiveQuery& query);
std::vector<NodeStore::LastItem> last_items(Connection& db, const NodeStore::LastItemsQuery& query);
std::vector<NodeStore::Expired> expire_items(Database& db, WallTime now, std::size_t limit);

// rosters.cpp
RosterData load_roster(Connection& db, const AccountKey& key);
Done put_roster_record(Database& db, const AccountKey& key, const RosterRecord& record,
    std::uint64_t version);
Done remove_roster_record(Database& db, const AccountKey& key, const Jid& contact, std::uint64_t version);
std::vector<AccountKey> roster_holders(Connection& db, const Jid& contact);

// messages.cpp
MessageReceipt accept_message(Database& db, const MessageToStore& message, WallTime now);
MessageReceipt accept_both(Database& db, const MessageToStore& received, const MessageToStore& sent,
    WallTime now);

// archive.cpp
std::optional<ArchivePage> read_archive(Database& db, const AccountKey& key, const ArchiveQuery& query);
ArchiveEnds archive_ends(Database& db, const AccountKey& key);
std::uint64_t archive_size(Database& db, const AccountKey& key);
/// What to remove so that the rest of an archive takes a given number of bytes at most.
struct ArchiveCut {
    std::uint64_t size = 0;            ///< size of the whole archive
    std::optional<std::int64_t> below; ///< remove messages older than this; none: nothing to remove
};
ArchiveCut find_archive_cut(Database& db, const AccountKey& key, std::uint64_t bytes);
std::optional<ArchivedMessage> find_archived(Database& db, const AccountKey& key, const Jid& peer,
    bool outgoing, const std::string& message_id);

/// Selects the peer's number and resource of message ?2 in the archive of ?1. The message must be filed, or
/// newer than all filed ones: nothing has been removed from those yet.
inline constexpr auto select_archived_entry =
    "SELECT CASE WHEN m.owner_a = ?1 THEN m.peer_a ELSE m.peer_b END, CASE WHEN a.id IS NOT NULL"
    " THEN a.resource WHEN m.owner_a = ?1 THEN m.resource_a ELSE m.resource_b END"
    " FROM message m LEFT JOIN archive a ON a.owner = ?1 AND a.id = m.id"
    " AND a.peer = CASE WHEN m.owner_a = ?1 THEN m.peer_a WHEN m.owner_b = ?1 THEN m.peer_b END"
    " WHERE m.id = ?2 AND (m.owner_a = ?1 OR m.owner_b = ?1)"
    " AND (a.id IS NOT NULL OR m.id > (SELECT filed FROM message_state))";

// inbox.cpp
std::vector<Conversation> read_conversations(Database& db, const AccountKey& owner);
std::vector<std::optional<ArchivedMessage>> newest_instant_messages(Database& db, const AccountKey& owner,
    const std::vector<Jid>& peers);
Done set_read_positions(Database& db, const AccountKey& key,
    const std::vector<InboxStore::ReadPosition>& positions);
std::vector<InboxStore::ReadPosition> find_read_positions(Connection& db, const AccountKey& key,
    const std::vector<Jid>& peers);

// history.cpp
bool replace_message(Database& db, const AccountKey& key, MessageId id, const std::string& xml);
/// The progress of a removal in several steps. It removes what was archived when it began.
struct HistoryRemoval {
    std::int64_t below = INT64_MAX; ///< removes only messages older than this
    std::int64_t peer = 0;          ///< conversations up to this peer are done
    bool done = false;
};
/// Does one step of the removal and returns the new progress.
HistoryRemoval remove_history(Database& db, const AccountKey& key, const std::optional<Jid>& peer,
    HistoryRemoval so_far);
/// Removes the archive of a removed owner: a part now, the rest with the next expiries.
void remove_all_history(Database& db, std::int64_t owner);
Done set_retention(Database& db, const AccountKey& key, const std::optional<Jid>& peer,
    std::optional<Retention> retention);
ArchiveStore::RetentionChoices retention_choices(Connection& db, const AccountKey& key);
std::size_t expire_messages(Database& db, const std::string& host, Retention host_default, WallTime now,
    std::size_t limit);
std::size_t index_messages(Database& db, std::size_t limit);
/// State of the move to a new search index: messages after `done` and up to `to` are in the index of an
/// earlier schema, all others in the new one.
struct Reindexing {
    std::int64_t done = 0;
    std::int64_t to = 0; ///< 0: the old index has been removed
    static Reindexing read(Connection& db);
    bool covers(std::int64_t id) const { return id > done && id <= to; }
};

// streams.cpp
std::uint64_t create_stream(Database& db, const StreamRecord& record);
Done note_streams(Database& db, const std::vector<StreamNote>& notes);
std::optional<StreamBacklog> find_stream(Connection& db, const AccountKey& key, const std::string& token);
Done renumber_stream(Database& db, const AccountKey& key, std::uint64_t row, std::uint64_t received);
Done close_stream_gap(Database& db, const AccountKey& key, std::uint64_t row, std::uint64_t sequence);
Done end_stream_record(Database& db, const AccountKey& key, std::uint64_t row,
    const std::vector<std::uint64_t>& elsewhere);
std::vector<StreamRecord> expired_streams(Connection& db, const std::string& host, WallTime now,
    std::size_t limit);

// mailbox.cpp
/// A mailbox row. Mail that is in no archive has its own stanza; other mail refers to the message.
struct MailToPut {
    std::string_view sender;
    std::int64_t stamp = 0;
    std::string_view xml;
    std::int64_t size = 0; ///< size of the stanza, stored here or in the message
    std::optional<std::int64_t> message;
    std::optional<std::int64_t> row; ///< the row that it had before
};
/// Puts mail at the end of the mailbox, or back to its row. Ignores the mailbox limits.
void put_into_mailbox(Database& db, std::int64_t owner, const MailToPut& mail);
Done remove_archived_mail(Database& db, const AccountKey& key, MessageId up_to);
std::vector<MailboxMessage> read_messages(Connection& db, const AccountKey& key, std::uint64_t after,
    std::size_t limit);
Done remove_messages(Database& db, const AccountKey& key, const std::vector<std::uint64_t>& rows);
std::vector<std::uint64_t> hand_over_mail(Database& db, const AccountKey& key,
    const std::vector<HandOver>& mail);
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

/// Returns `value` as a signed SQL integer, or the highest integer if it does not fit.
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
