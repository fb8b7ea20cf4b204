// SPDX-License-Identifier: Apache-2.0
// The roster store as SQL.
#include "storage/sqlite/queries.hpp"
#include "storage/sqlite/roster_groups.hpp"

namespace stonechat::sqlite {

namespace {

constexpr auto select_version = "SELECT roster_version FROM owner WHERE host = ?1 AND user = ?2";
constexpr auto select_roster =
    "SELECT contact, name, groups, subscription, pending_out, approved, in_roster, pending_in FROM roster"
    " WHERE owner = (SELECT id FROM owner WHERE host = ?1 AND user = ?2) ORDER BY contact";
constexpr auto upsert_record =
    "INSERT OR REPLACE INTO roster (owner, contact, name, groups, subscription, pending_out, approved,"
    " in_roster, pending_in) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9)";
constexpr auto delete_record = "DELETE FROM roster WHERE owner = ?1 AND contact = ?2";
constexpr auto update_version = "UPDATE owner SET roster_version = ?2 WHERE id = ?1";
constexpr auto select_holders =
    "SELECT o.host, o.user FROM roster r JOIN owner o ON o.id = r.owner WHERE r.contact = ?1";

std::optional<SubscriptionState> subscription_state(std::int64_t number)
{
    if (number < static_cast<int>(SubscriptionState::none)
        || number > static_cast<int>(SubscriptionState::both)) {
        return std::nullopt;
    }
    return static_cast<SubscriptionState>(number);
}

std::optional<RosterRecord> read_contact(const Rows& rows)
{
    auto contact = Jid::parse(rows.view(0));
    auto groups = decode_groups(rows.view(2));
    const auto subscription = subscription_state(rows.integer(3));
    if (!contact || !groups || !subscription) {
        return std::nullopt;
    }
    RosterRecord record;
    record.contact = std::move(*contact);
    record.name = rows.text(1);
    record.groups = std::move(*groups);
    record.subscription = *subscription;
    record.pending_out = rows.integer(4) != 0;
    record.approved = rows.integer(5) != 0;
    record.in_roster = rows.integer(6) != 0;
    if (!rows.is_null(7)) {
        record.pending_in = rows.text(7);
    }
    return record;
}

} // namespace

RosterData load_roster(Connection& db, const AccountKey& key)
{
    RosterData data;
    auto version = db.query(select_version, key.host, key.user);
    if (!version.next()) {
        return data;
    }
    data.version = static_cast<std::uint64_t>(version.integer(0));
    auto rows = db.query(select_roster, key.host, key.user);
    while (rows.next()) {
        auto record = read_contact(rows);
        if (!record) {
            db.fail(Failure::damaged, "a roster item that makes no sense");
            return data;
        }
        data.items.push_back(std::move(*record));
    }
    return data;
}

std::vector<AccountKey> roster_holders(Connection& db, const Jid& contact)
{
    std::vector<AccountKey> holders;
    auto rows = db.query(select_holders, contact.text());
    while (rows.next()) {
        auto& key = holders.emplace_back();
        key.host = rows.text(0);
        key.user = rows.text(1);
    }
    return holders;
}

Done put_roster_record(Database& db, const AccountKey& key, const RosterRecord& record, std::uint64_t version)
{
    const auto owner = db.owner(key);
    const auto groups = encode_groups(record.groups);
    db.connection().execute(upsert_record, owner, record.contact.text(), record.name, Blob { groups },
        static_cast<std::int64_t>(record.subscription), std::int64_t(record.pending_out),
        std::int64_t(record.approved), std::int64_t(record.in_roster), record.pending_in);
    db.connection().execute(update_version, owner, static_cast<std::int64_t>(version));
    return Done();
}

Done remove_roster_record(Database& db, const AccountKey& key, const Jid& contact, std::uint64_t version)
{
    const auto owner = db.owner(key);
    db.connection().execute(delete_record, owner, contact.text());
    db.connection().execute(update_version, owner, static_cast<std::int64_t>(version));
    return Done();
}

} // namespace stonechat::sqlite
