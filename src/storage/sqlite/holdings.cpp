// SPDX-License-Identifier: Apache-2.0
// How much is kept for one account, as SQL.
#include "storage/sqlite/queries.hpp"

namespace stonechat::sqlite {

namespace {

constexpr std::int64_t most_counted = 100'000;

constexpr auto select_owner_id = "SELECT id FROM owner WHERE host = ?1 AND user = ?2";
constexpr auto select_contact_count = "SELECT count(*) FROM roster WHERE owner = ?1 AND in_roster = 1";
constexpr auto select_mail_size = "SELECT count(*), coalesce(sum(coalesce(size, length(xml))), 0) FROM"
                                  " (SELECT size, xml FROM mailbox WHERE owner = ?1 LIMIT ?2)";
constexpr auto select_archive_size =
    "SELECT count(*), coalesce(sum(length(m.xml)), 0) FROM"
    " (SELECT id FROM archive WHERE owner = ?1 AND id <= (SELECT filed FROM message_state) UNION ALL"
    " SELECT id FROM message WHERE id > (SELECT filed FROM message_state) AND (owner_a = ?1 OR owner_b = ?1)"
    " LIMIT ?2) a CROSS JOIN message m ON m.id = a.id";
constexpr auto select_store_sizes =
    "SELECT store, sum(length(value)) FROM keyval WHERE owner = ?1 GROUP BY store UNION ALL"
    " SELECT 'nodes', node_bytes FROM owner WHERE id = ?1 AND nodes > 0 ORDER BY store";

Holdings::Messages sum_of_messages(Connection& db, const char* sql, std::int64_t owner)
{
    Holdings::Messages messages;
    auto rows = db.query(sql, owner, most_counted);
    if (rows.next()) {
        messages.count = static_cast<std::size_t>(rows.integer(0));
        messages.bytes = static_cast<std::uint64_t>(rows.integer(1));
        messages.more = rows.integer(0) == most_counted;
    }
    return messages;
}

std::size_t number_of_contacts(Connection& db, std::int64_t owner)
{
    auto rows = db.query(select_contact_count, owner);
    return rows.next() ? static_cast<std::size_t>(rows.integer(0)) : 0;
}

std::optional<std::int64_t> owner_id(Connection& db, const AccountKey& key)
{
    auto rows = db.query(select_owner_id, key.host, key.user);
    return rows.next() ? std::optional(rows.integer(0)) : std::nullopt;
}

} // namespace

Holdings count_holdings(Connection& db, const AccountKey& key)
{
    Holdings holdings;
    const auto owner = owner_id(db, key);
    if (!owner) {
        return holdings;
    }
    holdings.contacts = number_of_contacts(db, *owner);
    holdings.archive = sum_of_messages(db, select_archive_size, *owner);
    holdings.mailbox = sum_of_messages(db, select_mail_size, *owner);
    auto rows = db.query(select_store_sizes, *owner);
    while (rows.next()) {
        holdings.stores.emplace_back(rows.text(0), static_cast<std::uint64_t>(rows.integer(1)));
    }
    return holdings;
}

} // namespace stonechat::sqlite
