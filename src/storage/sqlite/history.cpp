// SPDX-License-Identifier: Apache-2.0
// Replacing, indexing, removing and expiring archived messages, as SQL. A message is deleted with the last
// archive entry for it; mail and unacked entries that refer to it then get a copy of the stanza.
#include "storage/message_text.hpp"
#include "storage/sqlite/queries.hpp"

#include <algorithm>
#include <limits>
#include <unordered_set>

namespace stonechat::sqlite {

namespace {

constexpr std::size_t messages_per_step = 200;
constexpr std::size_t conversations_per_step = 500;
constexpr std::int64_t for_ever = -1;

constexpr auto select_indexed = "SELECT indexed FROM message_state";
constexpr auto update_indexed = "UPDATE message_state SET indexed = ?1";
constexpr auto select_unindexed = "SELECT id, searchable, owner_a, owner_b, CASE WHEN searchable THEN xml END"
                                  " FROM message WHERE id > ?1 AND id <= ?2 ORDER BY id LIMIT ?3";
constexpr auto insert_words = "INSERT INTO message_words (rowid, owners, body) VALUES (?1, ?2, ?3)";
constexpr auto delete_words =
    "INSERT INTO message_words (message_words, rowid, owners, body) VALUES ('delete', ?1, ?2, ?3)";
constexpr auto delete_words_before = "INSERT INTO message_words_before (message_words_before, rowid, owners, "
                                     "body) VALUES ('delete', ?1, ?2, ?3)";
constexpr auto select_reindexing = "SELECT reindexed, reindex_to FROM message_state";
constexpr auto update_reindexing = "UPDATE message_state SET reindexed = ?1, reindex_to = ?2";
constexpr auto drop_words_before = "DROP TABLE IF EXISTS message_words_before";
constexpr auto select_words =
    "SELECT searchable, owner_a, owner_b, CASE WHEN searchable THEN xml END FROM message WHERE id = ?1";
constexpr auto update_message = "UPDATE message SET xml = ?2, searchable = 0 WHERE id = ?1";
constexpr auto delete_message = "DELETE FROM message WHERE id = ?1";
constexpr auto select_is_archived =
    "SELECT EXISTS (SELECT 1 FROM archive a WHERE a.owner = m.owner_a AND a.peer = m.peer_a AND a.id = m.id)"
    " OR EXISTS (SELECT 1 FROM archive a WHERE a.owner = m.owner_b AND a.peer = m.peer_b AND a.id = m.id)"
    " FROM message m WHERE m.id = ?1";
constexpr auto give_to_mail =
    "UPDATE mailbox SET xml = (SELECT xml FROM message WHERE id = ?1), message = NULL WHERE message = ?1";
constexpr auto give_to_unacked = "UPDATE unacked SET xml = m.xml, stamp = m.stamp FROM message m"
                                 " WHERE m.id = ?1 AND unacked.id = ?1 AND unacked.xml IS NULL";
constexpr auto select_unacked_ids = "SELECT id FROM unacked WHERE xml IS NULL";
constexpr auto select_entries =
    "SELECT a.id, coalesce(length(m.xml), 0) FROM archive a LEFT JOIN message m ON m.id = a.id"
    " WHERE a.owner = ?1 AND a.peer = ?2 AND a.id < ?3 ORDER BY a.id LIMIT ?4";
// Selects which of its two owners have a message in their archive. A message that is not filed yet is in
// both: nothing has been removed from it yet.
constexpr auto select_sizes_of_holders =
    "SELECT length(m.xml), CASE WHEN s.filed < m.id OR EXISTS (SELECT 1 FROM archive a WHERE a.owner = "
    "m.owner_a"
    " AND a.peer = m.peer_a AND a.id = m.id) THEN m.owner_a END, CASE WHEN s.filed < m.id OR EXISTS (SELECT 1"
    " FROM archive a WHERE a.owner = m.owner_b AND a.peer = m.peer_b AND a.id = m.id) THEN m.owner_b END"
    " FROM message m, message_state s WHERE m.id = ?1";
constexpr auto delete_entry = "DELETE FROM archive WHERE owner = ?1 AND peer = ?2 AND id = ?3";
constexpr auto select_conversations_behind =
    "SELECT peer FROM conversation WHERE owner = ?1 AND peer > ?2 LIMIT ?3";
constexpr auto select_any_conversation = "SELECT peer FROM conversation WHERE owner = ?1 LIMIT 1";
constexpr auto select_any_entry = "SELECT 1 FROM archive WHERE owner = ?1 AND peer = ?2 LIMIT 1";
constexpr auto delete_conversation = "DELETE FROM conversation WHERE owner = ?1 AND peer = ?2";
constexpr auto delete_idle_conversation =
    "DELETE FROM conversation WHERE owner = ?1 AND peer = ?2 AND retention IS NULL";
constexpr auto insert_leftover = "INSERT OR IGNORE INTO leftover (owner) VALUES (?1)";
constexpr auto select_leftover = "SELECT owner FROM leftover LIMIT 1";
constexpr auto delete_leftover = "DELETE FROM leftover WHERE owner = ?1";
constexpr auto update_owner_retention = "UPDATE owner SET retention = ?2 WHERE id = ?1";
constexpr auto update_retention = "UPDATE conversation SET retention = ?3 WHERE owner = ?1 AND peer = ?2";
constexpr auto select_owner_retention = "SELECT retention FROM owner WHERE host = ?1 AND user = ?2";
constexpr auto select_retentions =
    "SELECT a.jid, c.retention FROM conversation c JOIN address a ON a.id = c.peer"
    " WHERE c.owner = (SELECT id FROM owner WHERE host = ?1 AND user = ?2) AND c.retention IS NOT NULL"
    " ORDER BY a.jid";
constexpr auto select_to_expire =
    "SELECT c.owner, c.peer, c.retention, o.retention FROM conversation c CROSS JOIN owner o ON o.id = "
    "c.owner"
    " WHERE (c.owner, c.peer) > (?2, ?3) AND o.host = ?1 ORDER BY c.owner, c.peer LIMIT ?4";

std::string owner_tokens(std::int64_t owner_a, std::optional<std::int64_t> owner_b)
{
    auto tokens = "o" + std::to_string(owner_a);
    return owner_b ? tokens + " o" + std::to_string(*owner_b) : tokens;
}

std::optional<std::int64_t> number_at(const Rows& rows, int column)
{
    return rows.is_null(column) ? std::nullopt : std::optional(rows.integer(column));
}

std::int64_t indexed_up_to(Connection& db)
{
    auto rows = db.query(select_indexed);
    return rows.next() ? rows.integer(0) : 0;
}

/// Removes a message from the index. FTS5 must be given the same words as when the message was added.
void unindex(Connection& db, std::int64_t id)
{
    std::string owners;
    std::string body;
    {
        auto rows = db.query(select_words, id);
        if (!rows.next() || rows.integer(0) == 0) {
            return;
        }
        owners = owner_tokens(rows.integer(1), number_at(rows, 2));
        body = body_of(rows.view(3));
    }
    if (Reindexing::read(db).covers(id)) {
        db.execute(delete_words_before, id, owners, body);
    } else if (id <= indexed_up_to(db)) {
        db.execute(delete_words, id, owners, body);
    }
}

/// Removes entries from archives, and messages that no archive has any more.
class Removal {
public:
    explicit Removal(Database& db) : database_(db), db_(db.connection()) {}

    /// Removes the oldest entries of a conversation that are older than `below`, `limit` at most. Returns how
    /// many.
    std::size_t remove(std::int64_t owner, std::int64_t peer, std::int64_t below, std::size_t limit)
    {
        if (database_.filing().has(owner, below)) {
            database_.filing().file_all();
        }
        std::vector<std::int64_t> ids;
        ArchiveSizes sizes(db_);
        {
            auto rows = db_.query(select_entries, owner, peer, below, sql_number(limit));
            while (rows.next()) {
                ids.push_back(rows.integer(0));
                sizes.add(owner, -rows.integer(1));
            }
        }
        sizes.write();
        for (const auto id : ids) {
            db_.execute(delete_entry, owner, peer, id);
            if (!is_archived(id)) {
                remove_message(id);
            }
        }
        return ids.size();
    }

    /// Deletes the row of a conversation without messages.
    void forget_if_empty(std::int64_t owner, std::int64_t peer)
    {
        if (db_.query(select_any_entry, owner, peer).next() || has_unfiled(owner, peer)) {
            return;
        }
        db_.execute(delete_idle_conversation, owner, peer);
        database_.forget_conversation(owner, peer);
    }

private:
    bool has_unfiled(std::int64_t owner, std::int64_t peer) const
    {
        const auto is_of_it = [peer](const TailEntry& entry) { return entry.peer == peer; };
        return database_.filing().newest(owner, is_of_it).has_value();
    }

    bool is_archived(std::int64_t id)
    {
        auto rows = db_.query(select_is_archived, id);
        return !rows.next() || rows.integer(0) != 0;
    }

    void remove_message(std::int64_t id)
    {
        unindex(db_, id);
        db_.execute(give_to_mail, id);
        if (unacked().contains(id)) {
            db_.execute(give_to_unacked, id);
        }
        db_.execute(delete_message, id);
    }

    /// The ids of messages in unacked entries. There is no index for this lookup; the entries are few, so one
    /// scan serves a whole step.
    const std::unordered_set<std::int64_t>& unacked()
    {
        if (!unacked_) {
            unacked_.emplace();
            auto rows = db_.query(select_unacked_ids);
            while (rows.next()) {
                unacked_->insert(rows.integer(0));
            }
        }
        return *unacked_;
    }

    Database& database_;
    Connection& db_;
    std::optional<std::unordered_set<std::int64_t>> unacked_;
};

std::vector<std::int64_t> conversations_behind(Connection& db, std::int64_t owner, std::int64_t peer,
    std::size_t limit)
{
    std::vector<std::int64_t> peers;
    auto rows = db.query(select_conversations_behind, owner, peer, sql_number(limit));
    while (rows.next()) {
        peers.push_back(rows.integer(0));
    }
    return peers;
}

/// Removes some messages of a removed owner. Returns how many.
std::size_t clear_leftover(Database& db, std::int64_t owner, std::size_t limit)
{
    auto& connection = db.connection();
    Removal removal(db);
    std::size_t removed = 0;
    for (const auto peer : conversations_behind(connection, owner, 0, conversations_per_step)) {
        const auto room = limit - removed;
        const auto gone = removal.remove(owner, peer, INT64_MAX, room);
        removed += gone;
        if (gone == room) {
            return removed;
        }
        connection.execute(delete_conversation, owner, peer);
        db.forget_conversation(owner, peer);
    }
    if (!connection.query(select_any_conversation, owner).next()) {
        connection.execute(delete_leftover, owner);
    }
    return removed;
}

std::optional<std::int64_t> any_leftover(Connection& db)
{
    auto rows = db.query(select_leftover);
    return rows.next() ? std::optional(rows.integer(0)) : std::nullopt;
}

std::int64_t sql_retention(Retention retention)
{
    return retention.days ? std::int64_t(*retention.days) : for_ever;
}

Retention read_retention(std::int64_t number)
{
    Retention retention;
    if (number >= 0) {
        retention.days = static_cast<unsigned>(std::min<std::int64_t>(number,
            std::numeric_limits<unsigned>::max()));
    }
    return retention;
}

struct Expiring {
    std::int64_t owner = 0;
    std::int64_t peer = 0;
    Retention retention;
};

std::vector<Expiring> conversations_to_expire(Connection& db, const std::string& host,
    const Database::ExpiryPlace& place, Retention host_default)
{
    std::vector<Expiring> conversations;
    auto rows = db.query(select_to_expire, host, place.owner, place.peer, sql_number(conversations_per_step));
    while (rows.next()) {
        const auto own = number_at(rows, 2);
        const auto chosen = own ? own : number_at(rows, 3);
        conversations.push_back({ rows.integer(0), rows.integer(1),
            chosen ? read_retention(*chosen) : host_default });
    }
    return conversations;
}

struct Indexed {
    std::size_t looked_at = 0;
    std::int64_t last = 0; ///< id of the last one
};

/// Adds messages after `after` and up to `to` to the index.
Indexed index_range(Connection& db, std::int64_t after, std::int64_t to, std::size_t limit)
{
    struct Unindexed {
        std::int64_t id;
        std::string owners;
        std::string body;
    };
    std::vector<Unindexed> found;
    Indexed indexed;
    {
        auto rows = db.query(select_unindexed, after, to, sql_number(limit));
        while (rows.next()) {
            ++indexed.looked_at;
            indexed.last = rows.integer(0);
            if (rows.integer(1) != 0) {
                found.push_back({ indexed.last, owner_tokens(rows.integer(2), number_at(rows, 3)),
                    body_of(rows.view(4)) });
            }
        }
    }
    for (const auto& [id, owners, body] : found) {
        db.execute(insert_words, id, owners, body);
    }
    return indexed;
}

/// Returns the id below which messages have expired; ids are close to microseconds since 1970.
std::int64_t expired_below(Retention retention, WallTime now)
{
    return sql_time(now - std::chrono::days(*retention.days));
}

} // namespace

namespace {

/// Updates archive sizes before the stanza of message `id` is replaced by one of `size` bytes. For a message
/// that is not filed yet, the Tail keeps counting the old size until the server restarts, and this adds the
/// difference.
void count_replacement(Connection& db, std::int64_t id, std::size_t size)
{
    std::vector<std::int64_t> holders;
    std::int64_t more = 0;
    {
        auto rows = db.query(select_sizes_of_holders, id);
        if (!rows.next()) {
            return;
        }
        more = static_cast<std::int64_t>(size) - rows.integer(0);
        for (const int owner : { 1, 2 }) {
            if (!rows.is_null(owner)) {
                holders.push_back(rows.integer(owner));
            }
        }
    }
    ArchiveSizes sizes(db);
    for (const auto holder : holders) {
        sizes.add(holder, more);
    }
    sizes.write();
}

} // namespace

bool replace_message(Database& db, const AccountKey& key, MessageId id, const std::string& xml)
{
    const auto owner = db.find_owner(key);
    auto& connection = db.connection();
    if (!owner || !connection.query(select_archived_entry, *owner, sql_number(id)).next()) {
        return false;
    }
    unindex(connection, sql_number(id));
    count_replacement(connection, sql_number(id), xml.size());
    return connection.execute(update_message, sql_number(id), Blob { xml }) > 0;
}

HistoryRemoval remove_history(Database& db, const AccountKey& key, const std::optional<Jid>& peer,
    HistoryRemoval so_far)
{
    const auto owner = db.find_owner(key);
    if (!owner) {
        so_far.done = true;
        return so_far;
    }
    if (so_far.below == INT64_MAX) {
        so_far.below = db.next_number();
    }
    std::vector<std::int64_t> peers;
    if (peer) {
        if (const auto number = address_number(db.connection(), peer->bare_text())) {
            peers.push_back(*number);
        }
    } else {
        peers = conversations_behind(db.connection(), *owner, so_far.peer, conversations_per_step);
    }
    Removal removal(db);
    std::size_t removed = 0;
    for (const auto number : peers) {
        const auto room = messages_per_step - removed;
        const auto gone = removal.remove(*owner, number, so_far.below, room);
        removed += gone;
        if (gone == room) {
            return so_far;
        }
        removal.forget_if_empty(*owner, number);
        so_far.peer = number;
    }
    so_far.done = peer || peers.size() < conversations_per_step;
    return so_far;
}

void remove_all_history(Database& db, std::int64_t owner)
{
    db.connection().execute(insert_leftover, owner);
    clear_leftover(db, owner, messages_per_step);
}

Done set_retention(Database& db, const AccountKey& key, const std::optional<Jid>& peer,
    std::optional<Retention> retention)
{
    const auto owner = db.owner(key);
    const auto number = retention ? std::optional(sql_retention(*retention)) : std::nullopt;
    if (!peer) {
        db.connection().execute(update_owner_retention, owner, number);
        return Done();
    }
    const auto address = db.address(peer->bare_text());
    db.ensure_conversation(owner, address);
    db.connection().execute(update_retention, owner, address, number);
    return Done();
}

ArchiveStore::RetentionChoices retention_choices(Connection& db, const AccountKey& key)
{
    ArchiveStore::RetentionChoices choices;
    {
        auto rows = db.query(select_owner_retention, key.host, key.user);
        if (rows.next() && !rows.is_null(0)) {
            choices.everything = read_retention(rows.integer(0));
        }
    }
    auto rows = db.query(select_retentions, key.host, key.user);
    while (rows.next()) {
        if (auto peer = Jid::parse(rows.view(0))) {
            choices.conversations.emplace_back(std::move(*peer), read_retention(rows.integer(1)));
        }
    }
    return choices;
}

std::size_t expire_messages(Database& db, const std::string& host, Retention host_default, WallTime now,
    std::size_t limit)
{
    auto& connection = db.connection();
    if (const auto owner = any_leftover(connection)) {
        const auto removed = clear_leftover(db, *owner, limit);
        return any_leftover(connection) ? limit : removed;
    }
    auto& place = db.expiry_places()[host];
    const auto conversations = conversations_to_expire(connection, host, place, host_default);
    Removal removal(db);
    std::size_t removed = 0;
    for (const auto& [owner, peer, retention] : conversations) {
        if (retention.days) {
            const auto room = limit - removed;
            const auto gone = removal.remove(owner, peer, expired_below(retention, now), room);
            removed += gone;
            if (gone == room) {
                return limit; // the next call continues with this conversation
            }
            if (gone > 0) {
                removal.forget_if_empty(owner, peer);
            }
        }
        place = { owner, peer };
    }
    if (conversations.size() == conversations_per_step) {
        return limit;
    }
    db.expiry_places().erase(host);
    return removed;
}

Reindexing Reindexing::read(Connection& db)
{
    auto rows = db.query(select_reindexing);
    return rows.next() ? Reindexing { rows.integer(0), rows.integer(1) } : Reindexing();
}

std::size_t index_messages(Database& database, std::size_t limit)
{
    auto& db = database.connection();
    const auto fresh = index_range(db, indexed_up_to(db), INT64_MAX, limit);
    if (fresh.looked_at > 0) {
        db.execute(update_indexed, fresh.last);
    }
    const auto again = Reindexing::read(db);
    if (again.to == 0 || fresh.looked_at == limit) {
        return fresh.looked_at;
    }
    const auto old = index_range(db, again.done, again.to, limit - fresh.looked_at);
    if (fresh.looked_at + old.looked_at < limit) { // all messages are in the new index
        db.execute(drop_words_before);
        db.execute(update_reindexing, std::int64_t(0), std::int64_t(0));
    } else {
        db.execute(update_reindexing, old.last, again.to);
    }
    return fresh.looked_at + old.looked_at;
}

} // namespace stonechat::sqlite
