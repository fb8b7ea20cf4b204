// SPDX-License-Identifier: Apache-2.0
// The mailbox as SQL. Adding a message is one insert: its limits are checked against the counts that
// the writer remembers.
#include "storage/sqlite/queries.hpp"

namespace stonechat::sqlite {

namespace {

constexpr auto insert_message = "INSERT INTO mailbox (owner, sender, stamp, xml) VALUES (?1, ?2, ?3, ?4)";
constexpr auto select_messages =
    "SELECT row, sender, stamp, xml FROM mailbox"
    " WHERE owner = (SELECT id FROM owner WHERE host = ?1 AND user = ?2) AND row > ?3 ORDER BY row LIMIT ?4";
constexpr auto select_message_count =
    "SELECT count(*) FROM mailbox WHERE owner = (SELECT id FROM owner WHERE host = ?1 AND user = ?2)";
constexpr auto delete_messages =
    "DELETE FROM mailbox WHERE owner = ?1 AND row <= ?2 RETURNING sender, length(xml)";

} // namespace

MailboxAnswer append_message(Database& db, const AccountKey& key, const MailboxMessage& message,
    const MailboxLimits& limits)
{
    const auto owner = db.owner(key);
    auto& counts = db.mailbox_counts(owner);
    const auto answer = counts.admit(message.sender, message.xml.size(), limits);
    if (answer != MailboxAnswer::stored) {
        return answer;
    }
    db.connection().execute(insert_message, owner, message.sender, sql_time(message.stamp),
        Blob { message.xml });
    counts.add(message.sender, message.xml.size());
    return answer;
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
    }
    return messages;
}

Done remove_messages(Database& db, const AccountKey& key, std::uint64_t up_to)
{
    const auto owner = db.find_owner(key);
    if (!owner) {
        return Done();
    }
    auto* counts = db.known_mailbox_counts(*owner);
    auto removed = db.connection().query(delete_messages, *owner, sql_number(up_to));
    while (removed.next()) {
        if (counts != nullptr) {
            counts->remove(removed.text(0), static_cast<std::size_t>(removed.integer(1)));
        }
    }
    return Done();
}

std::size_t count_messages(Connection& db, const AccountKey& key)
{
    auto rows = db.query(select_message_count, key.host, key.user);
    return rows.next() ? static_cast<std::size_t>(rows.integer(0)) : 0;
}

} // namespace stonechat::sqlite
