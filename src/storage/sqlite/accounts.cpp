// SPDX-License-Identifier: Apache-2.0
// The account store as SQL.
#include "storage/sqlite/queries.hpp"

namespace stonechat::sqlite {

namespace {

constexpr auto select_account_from =
    "SELECT o.id, o.user, a.enabled, a.created FROM owner o CROSS JOIN account a ON a.owner = o.id"
    " WHERE o.host = ?1 AND o.user >= ?2 ORDER BY o.user LIMIT 1";
constexpr auto select_verifiers =
    "SELECT hash, salt, iterations, stored_key, server_key FROM verifier WHERE owner = ?1 ORDER BY hash";
constexpr auto select_account_exists = "SELECT 1 FROM account WHERE owner = ?1";
constexpr auto insert_account = "INSERT INTO account (owner, enabled, created) VALUES (?1, 1, ?2)";
// An account whose removal has begun stays disabled, because the removal continues at the next start.
constexpr auto update_enabled = "UPDATE account SET enabled = ?2 WHERE owner = ?1"
                                " AND (?2 = 0 OR owner NOT IN (SELECT owner FROM removal))";
constexpr auto delete_verifiers = "DELETE FROM verifier WHERE owner = ?1";
constexpr auto insert_verifier =
    "INSERT OR REPLACE INTO verifier (owner, hash, salt, iterations, stored_key, server_key)"
    " VALUES (?1, ?2, ?3, ?4, ?5, ?6)";
constexpr auto delete_owner = "DELETE FROM owner WHERE id = ?1";
constexpr auto select_accounts =
    "SELECT o.user, a.enabled, a.created FROM owner o JOIN account a ON a.owner = o.id"
    " WHERE o.host = ?1 AND o.user > ?2 ORDER BY o.user LIMIT ?3";
constexpr auto insert_removal = "INSERT OR IGNORE INTO removal (owner) VALUES (?1)";
constexpr auto select_removals = "SELECT o.host, o.user FROM removal r JOIN owner o ON o.id = r.owner";
constexpr auto upsert_former_name =
    "INSERT INTO former_name (name, removed, holders) VALUES (?1, ?2, 1)"
    " ON CONFLICT DO UPDATE SET removed = excluded.removed, holders = holders + 1";
constexpr auto select_former_names = "SELECT name, removed, holders FROM former_name";
constexpr auto select_account_count =
    "SELECT count(*) FROM owner o JOIN account a ON a.owner = o.id WHERE o.host = ?1";

std::optional<ScramHash> scram_hash(std::int64_t number)
{
    switch (number) {
    case static_cast<int>(ScramHash::sha1): return ScramHash::sha1;
    case static_cast<int>(ScramHash::sha256): return ScramHash::sha256;
    default: // an unknown number read from the disk
        return std::nullopt;
    }
}

void read_verifier(Connection& db, const Rows& rows, Account& account)
{
    const auto hash = scram_hash(rows.integer(0));
    const auto iterations = rows.integer(2);
    if (!hash || iterations <= 0 || iterations > UINT32_MAX) {
        db.fail(Failure::damaged, "a verifier that makes no sense");
        return;
    }
    ScramVerifier verifier;
    verifier.hash = *hash;
    verifier.salt = rows.text(1);
    verifier.iterations = static_cast<std::uint32_t>(iterations);
    verifier.stored_key = rows.text(3);
    verifier.server_key = rows.text(4);
    account.verifiers.push_back(std::move(verifier));
}

/// Returns the first account of `host` whose name is `user` or sorts after it.
std::optional<Account> account_from(Connection& db, const std::string& host, std::string_view user)
{
    const std::string first(user);
    auto rows = db.query(select_account_from, host, first);
    if (!rows.next()) {
        return std::nullopt;
    }
    Account account;
    account.user = rows.text(1);
    account.enabled = rows.integer(2) != 0;
    account.created = wall_time(rows.integer(3));
    const std::int64_t owner = rows.integer(0);
    auto verifiers = db.query(select_verifiers, owner);
    while (verifiers.next()) {
        read_verifier(db, verifiers, account);
    }
    return account;
}

bool has_account(Database& db, std::int64_t owner)
{
    return db.connection().query(select_account_exists, owner).next();
}

void insert_verifiers(Connection& db, std::int64_t owner, const std::vector<ScramVerifier>& verifiers)
{
    for (const auto& verifier : verifiers) {
        db.execute(insert_verifier, owner, static_cast<std::int64_t>(verifier.hash), Blob { verifier.salt },
            static_cast<std::int64_t>(verifier.iterations), Blob { verifier.stored_key },
            Blob { verifier.server_key });
    }
}

} // namespace

void remove_owner(Database& db, const AccountKey& key, std::int64_t owner)
{
    db.connection().execute(delete_owner, owner); // most of the rest follows by its foreign keys
    db.forget_owner(key);
    remove_all_history(db, owner);
}

/// A lookup of an unknown name must take as long as that of a known one, so that response times do not reveal
/// accounts. Therefore the next account is read instead, and not used.
std::optional<Account> find_account(Connection& db, const AccountKey& key)
{
    auto account = account_from(db, key.host, key.user);
    if (!account) {
        account = account_from(db, key.host, {}); // after the last name, read the first
    }
    return account && account->user == key.user ? std::move(account) : std::nullopt;
}

bool create_account(Database& db, const AccountKey& key, const std::vector<ScramVerifier>& verifiers,
    WallTime now)
{
    if (const auto owner = db.find_owner(key)) {
        if (has_account(db, *owner)) {
            return false;
        }
        // Delete data left by an earlier account of this name, or mail that came after its removal.
        remove_owner(db, key, *owner);
    }
    const auto owner = db.owner(key);
    db.connection().execute(insert_account, owner, sql_time(now));
    insert_verifiers(db.connection(), owner, verifiers);
    return true;
}

bool set_verifiers(Database& db, const AccountKey& key, const std::vector<ScramVerifier>& verifiers)
{
    const auto owner = db.find_owner(key);
    if (!owner || !has_account(db, *owner)) {
        return false;
    }
    db.connection().execute(delete_verifiers, *owner);
    insert_verifiers(db.connection(), *owner, verifiers);
    return true;
}

bool set_enabled(Database& db, const AccountKey& key, bool enabled)
{
    const auto owner = db.find_owner(key);
    return owner && db.connection().execute(update_enabled, *owner, std::int64_t(enabled)) > 0;
}

bool begin_removal(Database& db, const AccountKey& key)
{
    const auto owner = db.find_owner(key);
    if (!owner || db.connection().execute(update_enabled, *owner, std::int64_t(0)) == 0) {
        return false;
    }
    db.connection().execute(delete_verifiers, *owner);
    db.connection().execute(insert_removal, *owner);
    return true;
}

bool remove_account(Database& db, const AccountKey& key, std::uint64_t former_name, WallTime now)
{
    forget_in_rooms(db.connection(), key);
    if (const auto user = Jid::from_parts(key.user, key.host)) {
        forget_in_nodes(db.connection(), *user);
    }
    const auto owner = db.find_owner(key);
    if (!owner) {
        return false;
    }
    const bool existed = has_account(db, *owner);
    remove_owner(db, key, *owner);
    if (existed && former_name != 0) {
        db.connection().execute(upsert_former_name, static_cast<std::int64_t>(former_name), sql_time(now));
    }
    return existed;
}

std::vector<AccountKey> list_removals(Connection& db)
{
    std::vector<AccountKey> keys;
    auto rows = db.query(select_removals);
    while (rows.next()) {
        auto& key = keys.emplace_back();
        key.host = rows.text(0);
        key.user = rows.text(1);
    }
    return keys;
}

std::vector<FormerName> list_former_names(Connection& db)
{
    std::vector<FormerName> names;
    auto rows = db.query(select_former_names);
    while (rows.next()) {
        auto& former = names.emplace_back();
        former.name = static_cast<std::uint64_t>(rows.integer(0));
        former.removed = wall_time(rows.integer(1));
        former.holders = static_cast<std::uint32_t>(rows.integer(2));
    }
    return names;
}

std::vector<Account> list_accounts(Connection& db, const std::string& host, const std::string& after,
    std::size_t limit)
{
    std::vector<Account> accounts;
    auto rows = db.query(select_accounts, host, after, sql_number(limit));
    while (rows.next()) {
        auto& account = accounts.emplace_back();
        account.user = rows.text(0);
        account.enabled = rows.integer(1) != 0;
        account.created = wall_time(rows.integer(2));
    }
    return accounts;
}

std::size_t count_accounts(Connection& db, const std::string& host)
{
    auto rows = db.query(select_account_count, host);
    return rows.next() ? static_cast<std::size_t>(rows.integer(0)) : 0;
}

} // namespace stonechat::sqlite
