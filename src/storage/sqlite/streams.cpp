// SPDX-License-Identifier: Apache-2.0
// Resumable sessions as SQL.
#include "storage/message_text.hpp"
#include "storage/sqlite/queries.hpp"

#include <algorithm>

namespace stonechat::sqlite {

namespace {

constexpr auto insert_stream = "INSERT INTO stream (owner, token, resource, handled, window, touched, state)"
                               " VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)";
constexpr auto update_stream =
    "UPDATE stream SET handled = coalesce(?2, handled), touched = coalesce(?3, touched),"
    " state = coalesce(?4, state) WHERE id = ?1";
constexpr auto update_handled = "UPDATE stream SET handled = ?2 WHERE id = ?1";
constexpr auto select_stream =
    "SELECT s.id, s.token, s.resource, s.handled, s.window, s.touched, s.state, s.owner FROM stream s"
    " WHERE s.owner = (SELECT id FROM owner WHERE host = ?1 AND user = ?2) AND s.token = ?3";
constexpr auto select_expired =
    "SELECT s.id, s.token, s.resource, s.handled, s.window, s.touched, s.state, o.user"
    " FROM stream s JOIN owner o ON o.id = s.owner"
    " WHERE o.host = ?1 AND s.touched + s.window * 1000000 < ?2 LIMIT ?3";
constexpr auto select_is_owned = "SELECT 1 FROM stream WHERE id = ?1 AND owner = ?2";
constexpr auto delete_stream = "DELETE FROM stream WHERE id = ?1"; // a trigger deletes its unacked entries
constexpr auto select_unacked =
    "SELECT u.sequence, u.form, u.id, coalesce(u.stamp, m.stamp), coalesce(u.xml, m.xml),"
    " CASE WHEN a.id IS NOT NULL OR (m.id > (SELECT filed FROM message_state)"
    " AND (m.owner_a = ?2 OR m.owner_b = ?2)) THEN m.id END,"
    " u.xml IS NULL, u.mail FROM unacked u LEFT JOIN message m ON u.xml IS NULL AND m.id = u.id"
    " LEFT JOIN archive a ON a.owner = ?2 AND a.id = m.id"
    " AND a.peer = CASE WHEN m.owner_a = ?2 THEN m.peer_a WHEN m.owner_b = ?2 THEN m.peer_b END"
    " WHERE u.stream = ?1 ORDER BY u.sequence";
constexpr auto select_sequences =
    "SELECT sequence FROM unacked WHERE stream = ?1 AND sequence > ?2 ORDER BY sequence";
constexpr auto delete_acknowledged = "DELETE FROM unacked WHERE stream = ?1 AND sequence <= ?2";
constexpr auto update_sequence = "UPDATE unacked SET sequence = ?3 WHERE stream = ?1 AND sequence = ?2";
constexpr auto select_unacked_entry = "SELECT 1 FROM unacked WHERE stream = ?1 AND sequence = ?2";

std::optional<CopyForm> copy_form(std::int64_t number)
{
    switch (number) {
    case static_cast<int>(CopyForm::itself): return CopyForm::itself;
    case static_cast<int>(CopyForm::carbon_received): return CopyForm::carbon_received;
    case static_cast<int>(CopyForm::carbon_sent): return CopyForm::carbon_sent;
    default: // an unknown number read from the disk
        return std::nullopt;
    }
}

StreamRecord read_stream(const Rows& rows)
{
    StreamRecord record;
    record.row = static_cast<std::uint64_t>(rows.integer(0));
    record.token = rows.text(1);
    record.resource = rows.text(2);
    record.handled = static_cast<std::uint32_t>(rows.integer(3));
    record.window = std::chrono::seconds(rows.integer(4));
    record.touched = wall_time(rows.integer(5));
    record.state = rows.text(6);
    return record;
}

struct Unacked {
    UnackedMessage message;
    bool refers = false;              ///< the stanza is in a row of `message`
    std::optional<std::int64_t> mail; ///< the row that it had in the mailbox
};

std::vector<Unacked> read_unacked(Connection& db, std::int64_t stream, std::int64_t owner)
{
    std::vector<Unacked> all;
    auto rows = db.query(select_unacked, stream, owner);
    while (rows.next()) {
        const auto form = copy_form(rows.integer(1));
        if (!form || rows.is_null(4)) {
            db.fail(Failure::damaged, "an unacknowledged message that makes no sense");
            break;
        }
        auto& [message, refers, mail] = all.emplace_back();
        message.sequence = static_cast<std::uint64_t>(rows.integer(0));
        message.form = *form;
        message.id = static_cast<MessageId>(rows.integer(2));
        message.stamp = wall_time(rows.integer(3));
        message.xml = rows.text(4);
        message.archived = !rows.is_null(5);
        refers = rows.integer(6) != 0;
        mail = rows.is_null(7) ? std::nullopt : std::optional(rows.integer(7));
    }
    return all;
}

/// Returns the owner's number, if the stream belongs to that owner.
std::optional<std::int64_t> owner_of(Database& db, const AccountKey& key, std::int64_t row)
{
    const auto owner = db.find_owner(key);
    return owner && db.connection().query(select_is_owned, row, *owner).next() ? owner : std::nullopt;
}

bool has_unacked_entry(Connection& db, std::int64_t stream, std::int64_t sequence)
{
    return db.query(select_unacked_entry, stream, sequence).next();
}

std::vector<std::int64_t> sequences_behind(Connection& db, std::int64_t row, std::int64_t sequence)
{
    std::vector<std::int64_t> sequences;
    auto rows = db.query(select_sequences, row, sequence);
    while (rows.next()) {
        sequences.push_back(rows.integer(0));
    }
    return sequences;
}

void put_unacked_into_mailbox(Database& db, std::int64_t owner, const Unacked& unacked)
{
    const auto& message = unacked.message;
    const auto sender = bare_sender_of(message.xml);
    MailToPut mail;
    mail.sender = sender;
    mail.stamp = sql_time(message.stamp);
    mail.size = static_cast<std::int64_t>(message.xml.size());
    mail.row = unacked.mail;
    if (unacked.refers) {
        mail.message = sql_number(message.id);
    } else {
        mail.xml = message.xml;
    }
    put_into_mailbox(db, owner, mail);
}

} // namespace

std::uint64_t create_stream(Database& db, const StreamRecord& record)
{
    db.connection().execute(insert_stream, db.owner(record.owner), Blob { record.token }, record.resource,
        static_cast<std::int64_t>(record.handled), std::int64_t(record.window.count()),
        sql_time(record.touched), Blob { record.state });
    return static_cast<std::uint64_t>(db.connection().last_row_id());
}

Done note_streams(Database& db, const std::vector<StreamNote>& notes)
{
    auto& connection = db.connection();
    for (const auto& note : notes) {
        const auto row = sql_number(note.row);
        const auto handled = note.handled ? std::optional(std::int64_t(*note.handled)) : std::nullopt;
        if (note.touched || note.state) {
            const auto touched = note.touched ? std::optional(sql_time(*note.touched)) : std::nullopt;
            const auto state = note.state ? std::optional(Blob { *note.state }) : std::nullopt;
            connection.execute(update_stream, row, handled, touched, state);
        } else if (handled) {
            connection.execute(update_handled, row, *handled);
        }
        if (note.acknowledged) {
            connection.execute(delete_acknowledged, row, sql_number(*note.acknowledged));
        }
    }
    return Done();
}

std::optional<StreamBacklog> find_stream(Connection& db, const AccountKey& key, const std::string& token)
{
    StreamBacklog backlog;
    std::int64_t owner = 0;
    {
        auto rows = db.query(select_stream, key.host, key.user, Blob { token });
        if (!rows.next()) {
            return std::nullopt;
        }
        backlog.record = read_stream(rows);
        backlog.record.owner = key;
        owner = rows.integer(7);
    }
    for (auto& unacked : read_unacked(db, sql_number(backlog.record.row), owner)) {
        backlog.unacked.push_back(std::move(unacked.message));
    }
    return backlog;
}

Done renumber_stream(Database& db, const AccountKey& key, std::uint64_t row, std::uint64_t received)
{
    const auto stream = sql_number(row);
    if (!owner_of(db, key, stream)) {
        return Done();
    }
    db.connection().execute(delete_acknowledged, stream, sql_number(received));
    auto next = sql_number(received);
    // Sequences only decrease, and the lowest is changed first, so no two are ever equal.
    for (const auto sequence : sequences_behind(db.connection(), stream, next)) {
        if (sequence != ++next) {
            db.connection().execute(update_sequence, stream, sequence, next);
        }
    }
    return Done();
}

Done close_stream_gap(Database& db, const AccountKey& key, std::uint64_t row, std::uint64_t sequence)
{
    const auto stream = sql_number(row);
    const auto at = sql_number(sequence);
    auto& connection = db.connection();
    if (!owner_of(db, key, stream)) {
        return Done();
    }
    if (has_unacked_entry(connection, stream, at) && has_unacked_entry(connection, stream, at + 1)) {
        return Done(); // there is no gap
    }
    for (const auto entry : sequences_behind(connection, stream, at)) {
        connection.execute(update_sequence, stream, entry, entry - 1);
    }
    return Done();
}

Done end_stream_record(Database& db, const AccountKey& key, std::uint64_t row,
    const std::vector<std::uint64_t>& elsewhere)
{
    const auto stream = sql_number(row);
    const auto owner = owner_of(db, key, stream);
    if (!owner) {
        return Done();
    }
    for (const auto& unacked : read_unacked(db.connection(), stream, *owner)) {
        const bool has_it = std::find(elsewhere.begin(), elsewhere.end(), unacked.message.sequence)
            != elsewhere.end();
        if (unacked.message.form == CopyForm::itself && !has_it) {
            put_unacked_into_mailbox(db, *owner, unacked);
        }
    }
    db.connection().execute(delete_stream, stream);
    db.forget_stream(stream);
    return Done();
}

std::vector<StreamRecord> expired_streams(Connection& db, const std::string& host, WallTime now,
    std::size_t limit)
{
    std::vector<StreamRecord> records;
    auto rows = db.query(select_expired, host, sql_time(now), sql_number(limit));
    while (rows.next()) {
        auto record = read_stream(rows);
        record.owner = AccountKey { host, rows.text(7) };
        records.push_back(std::move(record));
    }
    return records;
}

} // namespace stonechat::sqlite
