// SPDX-License-Identifier: Apache-2.0
// The keyval store as SQL.
#include "storage/sqlite/queries.hpp"

namespace stonechat::sqlite {

namespace {

constexpr auto select_value =
    "SELECT value FROM keyval"
    " WHERE owner = (SELECT id FROM owner WHERE host = ?1 AND user = ?2) AND store = ?3 AND name = ?4";
constexpr auto select_values =
    "SELECT name, value FROM keyval"
    " WHERE owner = (SELECT id FROM owner WHERE host = ?1 AND user = ?2) AND store = ?3 ORDER BY name";
constexpr auto upsert_value = "INSERT INTO keyval (owner, store, name, value) VALUES (?1, ?2, ?3, ?4)"
                              " ON CONFLICT DO UPDATE SET value = excluded.value";
constexpr auto delete_value = "DELETE FROM keyval WHERE owner = ?1 AND store = ?2 AND name = ?3";

} // namespace

std::optional<std::string> get_value(Connection& db, const AccountKey& key, const std::string& store,
    const std::string& name)
{
    auto rows = db.query(select_value, key.host, key.user, store, name);
    return rows.next() ? std::optional(rows.text(0)) : std::nullopt;
}

Done set_value(Database& db, const AccountKey& key, const std::string& store, const std::string& name,
    const std::string& value)
{
    db.connection().execute(upsert_value, db.owner(key), store, name, Blob { value });
    return Done();
}

Done erase_value(Database& db, const AccountKey& key, const std::string& store, const std::string& name)
{
    if (const auto owner = db.find_owner(key)) {
        db.connection().execute(delete_value, *owner, store, name);
    }
    return Done();
}

KeyvalStore::Entries load_values(Connection& db, const AccountKey& key, const std::string& store)
{
    KeyvalStore::Entries entries;
    auto rows = db.query(select_values, key.host, key.user, store);
    while (rows.next()) {
        auto name = rows.text(0);
        entries.emplace_back(std::move(name), rows.text(1));
    }
    return entries;
}

Done apply_values(Database& db, const AccountKey& key, const std::string& store,
    const KeyvalStore::Changes& changes)
{
    for (const auto& [name, value] : changes) {
        if (value) {
            set_value(db, key, store, name, *value);
        } else {
            erase_value(db, key, store, name);
        }
    }
    return Done();
}

} // namespace stonechat::sqlite
