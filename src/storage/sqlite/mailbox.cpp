// SPDX-License-Identifier: Apache-2.0
// The mailbox as SQL. Adding a message is one insert: the limits are checked against the counts that the
// writer caches.
#include "storage/sqlite/queries.hpp"

namespace stonechat::sqlite {

namespace {

constexpr auto insert_into_mailbox =
    "INSERT INTO mailbox (owner, sender, stamp, xml, message, size, row) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)";
constexpr auto select_messages =
    "SELECT b.row, b.sender, b.stamp, CASE WHEN b.message IS NULL THEN b.xml ELSE m.xml END,"
    " CASE WHEN a.id IS NOT NULL OR (m.id > (SELECT filed FROM message_state)"
    " AND (m.owner_a = b.owner OR m.owner_b = b.owner)) THEN m.id END"
    " FROM mailbox b LEFT JOIN message m ON m.id = b.message"
    " LEFT JOIN archive a ON a.owner = b.owner AND a.id = m.id"
    " AND a.peer = CASE WHEN m.owner_a = b.owner THEN m.peer_a WHEN m.owner_b = b.owner THEN m.peer_b END"
    " WHERE b.owner = (SELECT id FROM owner WHERE host = ?1 AND user = ?2) AND b.row > ?3"
    " ORDER BY b.row LIMIT ?4";
constexpr auto select_message_count =
    "SELECT count(*) FROM mailbox WHERE owner = (SELECT id FROM owner WHERE host = ?1 AND user = ?2)";
constexpr auto delete_mail =
    "DELETE FROM mailbox WHERE owner = ?1 AND row = ?2 RETURNING sender, coalesce(size, length(xml))";
// An entry that refers to a message keeps its reference; id 0 means no message.
constexpr auto insert_unacked =
    "INSERT OR REPLACE INTO unacked (stream, sequence, form, id, stamp, xml, mail)"
    " SELECT ?1, ?2, ?3, coalesce(message, 0), stamp, CASE WHEN message IS NULL THEN xml END, row"
    " FROM mailbox WHERE owner = ?4 AND row = ?5";
constexpr auto delete_archived =
    "DELETE FROM mailbox WHERE owner = ?1 AND message <= ?2"
    " AND EXISTS (SELECT 1 FROM message m LEFT JOIN archive a ON a.owner = ?1 AND a.id = m.id"
    " AND a.peer = CASE WHEN m.owner_a = ?1 THEN m.peer_a WHEN m.owner_b = ?1 THEN m.peer_b END"
    " WHERE m.id = mailbox.message AND (a.id IS NOT NULL OR (m.id > (SELECT filed FROM message_state)"
    " AND (m.owner_a = ?1 OR m.owner_b = ?1)))) RETURNING sender, coalesce(size, length(xml))";

/// Subtracts the removed rows from `counts` and returns their number.
std::size_t discount(MailboxCounts* counts, Rows& removed)
{
    std::size_t count = 0;
    while (removed.next()) {
        ++count;
        if (counts != nullptr) {
            counts->remove(removed.text(0), static_cast<std::size_t>(removed.integer(1)));
        }
    }
    return count;
}

bool remove_row(Database& db, std::int64_t owner, std::int64_t row)
{
    auto removed = db.connection().query(delete_mail, owner, row);
    return discount(db.known_mailbox_counts(owner), removed) > 0;
}

} // namespace

void put_into_mailbox(Database& db, std::int64_t owner, const MailToPut& mail)
{
    auto& counts = db.mailbox_counts(owner); // before the insert, so that the mail is counted once
    db.connection().execute(insert_into_mailbox, owner, mail.sender, mail.stamp, Blob { mail.xml },
        mail.message, mail.size, mail.row);
    counts.add(std::string(mail.sender), static_cast<std::size_t>(mail.size));
}

std::vector<MailboxMessage> read_messages(Connection& db, const AccountKey& key, std::uint64_t after,
    std::size_t limit)
{
    std::vector<MailboxMessage> messages;
    auto rows = db.query(select_messages, key.host, key.user, sql_number(after), sql_number(limit));
    while (rows.next()) {
        auto& message = messages.emplace_back();
        message.row = static_cast<std::uint64_t>(rows.integer(0));
        message.sender = rows.text(1);
        message.stamp = wall_time(rows.integer(2));
        message.xml = rows.text(3);
        if (!rows.is_null(4)) {
            message.archived = static_cast<MessageId>(rows.integer(4));
        }
    }
    return messages;
}

Done remove_messages(Database& db, const AccountKey& key, const std::vector<std::uint64_t>& rows)
{
    if (const auto owner = db.find_owner(key)) {
        for (const auto row : rows) {
            remove_row(db, *owner, sql_number(row));
        }
    }
    return Done();
}

std::vector<std::uint64_t> hand_over_mail(Database& db, const AccountKey& key,
    const std::vector<HandOver>& mail)
{
    std::vector<std::uint64_t> moved;
    const auto owner = db.find_owner(key);
    for (const auto& [row, entry] : mail) {
        const auto stream = sql_number(entry.stream);
        if (!owner || !db.has_stream(stream)) {
            continue; // the session has ended; the mail stays for the next one
        }
        db.connection().execute(insert_unacked, stream, sql_number(entry.sequence),
            static_cast<std::int64_t>(entry.form), *owner, sql_number(row));
        if (remove_row(db, *owner, sql_number(row))) {
            moved.push_back(row);
        }
    }
    return moved;
}

Done remove_archived_mail(Database& db, const AccountKey& key, MessageId up_to)
{
    if (const auto owner = db.find_owner(key)) {
        auto removed = db.connection().query(delete_archived, *owner, sql_number(up_to));
        discount(db.known_mailbox_counts(*owner), removed);
    }
    return Done();
}

std::size_t count_messages(Connection& db, const AccountKey& key)
{
    auto rows = db.query(select_message_count, key.host, key.user);
    return rows.next() ? static_cast<std::size_t>(rows.integer(0)) : 0;
}

} // namespace stonechat::sqlite
