// SPDX-License-Identifier: Apache-2.0
// The room store as SQL.
#include "storage/sqlite/queries.hpp"

namespace stonechat::sqlite {

namespace {

constexpr auto select_room =
    "SELECT r.owner, r.config, r.subject, r.present, r.persistent, r.listed, r.created"
    " FROM owner o JOIN room r ON r.owner = o.id WHERE o.host = ?1 AND o.user = ?2";
constexpr auto select_room_exists = "SELECT 1 FROM room WHERE owner = ?1";
constexpr auto select_members =
    "SELECT jid, affiliation, reason, nick, choices FROM room_member WHERE owner = ?1 ORDER BY jid";
constexpr auto select_progress =
    "SELECT jid, received, displayed FROM room_progress WHERE owner = ?1 ORDER BY jid";
constexpr auto insert_room = "INSERT INTO room (owner, config, subject, present, persistent, listed, created)"
                             " VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)";
constexpr auto update_config = "UPDATE room SET config = ?2 WHERE owner = ?1";
constexpr auto update_subject = "UPDATE room SET subject = ?2 WHERE owner = ?1";
constexpr auto update_present = "UPDATE room SET present = ?2 WHERE owner = ?1";
constexpr auto update_persistent = "UPDATE room SET persistent = ?2 WHERE owner = ?1";
constexpr auto update_listed = "UPDATE room SET listed = ?2 WHERE owner = ?1";
constexpr auto upsert_member =
    "INSERT OR REPLACE INTO room_member (owner, jid, affiliation, reason, nick, choices)"
    " VALUES (?1, ?2, ?3, ?4, ?5, ?6)";
constexpr auto delete_member = "DELETE FROM room_member WHERE owner = ?1 AND jid = ?2";
constexpr auto upsert_progress =
    "INSERT OR REPLACE INTO room_progress (owner, jid, received, displayed) VALUES (?1, ?2, ?3, ?4)";
constexpr auto select_rooms =
    "SELECT o.user, r.config, r.persistent, r.listed, r.created"
    " FROM owner o JOIN room r ON r.owner = o.id"
    " WHERE o.host = ?1 AND o.user > ?2 AND r.listed >= ?4 ORDER BY o.user LIMIT ?3";
constexpr auto select_room_count = "SELECT count(*) FROM owner o JOIN room r ON r.owner = o.id"
                                   " WHERE o.host = ?1 AND r.listed >= ?2";
constexpr auto select_owned_count = "SELECT count(*) FROM room_member m JOIN owner o ON o.id = m.owner"
                                    " WHERE m.jid = ?1 AND m.affiliation = ?2 AND o.host = ?3";
constexpr auto delete_progress = "DELETE FROM room_progress WHERE owner = ?1 AND jid = ?2";
constexpr auto select_rooms_knowing =
    "SELECT o.user FROM owner o JOIN room r ON r.owner = o.id WHERE o.host = ?1 AND ("
    "EXISTS (SELECT 1 FROM room_member m WHERE m.owner = o.id AND m.jid = ?2)"
    " OR EXISTS (SELECT 1 FROM room_progress p WHERE p.owner = o.id AND p.jid = ?2)"
    " OR EXISTS (SELECT 1 FROM keyval k WHERE k.owner = o.id AND k.store = ?3 AND k.name = ?4))"
    " ORDER BY o.user";
constexpr auto delete_memberships = "DELETE FROM room_member WHERE jid = ?1 AND affiliation <> ?2";
constexpr auto strip_bans = "UPDATE room_member SET nick = '', choices = '' WHERE jid = ?1";
constexpr auto delete_all_progress =
    "DELETE FROM room_progress WHERE owner IN (SELECT owner FROM room) AND jid = ?1";

std::int64_t as_flag(bool flag)
{
    return flag ? 1 : 0;
}

std::optional<Affiliation> affiliation_of(std::int64_t number)
{
    const bool known = number >= static_cast<int>(Affiliation::none)
        && number <= static_cast<int>(Affiliation::owner);
    return known ? std::optional(static_cast<Affiliation>(number)) : std::nullopt;
}

void read_members(Connection& db, std::int64_t owner, RoomRecord& record)
{
    auto rows = db.query(select_members, owner);
    while (rows.next()) {
        auto jid = Jid::parse(rows.view(0));
        const auto affiliation = affiliation_of(rows.integer(1));
        if (!jid || !affiliation) {
            db.fail(Failure::damaged, "a member of a room that makes no sense");
            return;
        }
        RoomMember member;
        member.jid = std::move(*jid);
        member.affiliation = *affiliation;
        member.reason = rows.text(2);
        member.nick = rows.text(3);
        member.choices = rows.text(4);
        record.members.push_back(std::move(member));
    }
}

void read_progress(Connection& db, std::int64_t owner, RoomRecord& record)
{
    auto rows = db.query(select_progress, owner);
    while (rows.next()) {
        if (auto jid = Jid::parse(rows.view(0))) {
            record.progress.push_back({ std::move(*jid), static_cast<MessageId>(rows.integer(1)),
                static_cast<MessageId>(rows.integer(2)) });
        }
    }
}

bool has_room(Database& db, std::int64_t owner)
{
    return db.connection().query(select_room_exists, owner).next();
}

void write_members(Connection& db, std::int64_t owner, const std::vector<RoomMember>& members)
{
    for (const auto& member : members) {
        if (member.is_nobody()) {
            db.execute(delete_member, owner, member.jid.text());
        } else {
            db.execute(upsert_member, owner, member.jid.text(), static_cast<std::int64_t>(member.affiliation),
                member.reason, member.nick, member.choices);
        }
    }
}

} // namespace

std::optional<RoomRecord> load_room(Connection& db, const AccountKey& key)
{
    std::optional<RoomRecord> record;
    std::int64_t owner = 0;
    {
        auto rows = db.query(select_room, key.host, key.user);
        if (!rows.next()) {
            return record;
        }
        record.emplace();
        owner = rows.integer(0);
        record->config = rows.text(1);
        record->subject = rows.text(2);
        record->present = rows.text(3);
        record->persistent = rows.integer(4) != 0;
        record->listed = rows.integer(5) != 0;
        record->created = wall_time(rows.integer(6));
    }
    read_members(db, owner, *record);
    read_progress(db, owner, *record);
    return record;
}

bool create_room(Database& db, const AccountKey& key, const RoomRecord& record)
{
    if (const auto owner = db.find_owner(key)) {
        if (has_room(db, *owner)) {
            return false;
        }
        remove_owner(db, key, *owner);
    }
    const auto owner = db.owner(key);
    db.connection().execute(insert_room, owner, record.config, record.subject, record.present,
        as_flag(record.persistent), as_flag(record.listed), sql_time(record.created));
    write_members(db.connection(), owner, record.members);
    return true;
}

bool change_room(Database& db, const AccountKey& key, const RoomStore::Change& change)
{
    const auto owner = db.find_owner(key);
    if (!owner || !has_room(db, *owner)) {
        return false;
    }
    auto& connection = db.connection();
    if (change.config) {
        connection.execute(update_config, *owner, *change.config);
    }
    if (change.subject) {
        connection.execute(update_subject, *owner, *change.subject);
    }
    if (change.present) {
        connection.execute(update_present, *owner, *change.present);
    }
    if (change.persistent) {
        connection.execute(update_persistent, *owner, as_flag(*change.persistent));
    }
    if (change.listed) {
        connection.execute(update_listed, *owner, as_flag(*change.listed));
    }
    write_members(connection, *owner, change.members);
    for (const auto& progress : change.progress) {
        connection.execute(upsert_progress, *owner, progress.jid.text(),
            static_cast<std::int64_t>(progress.received), static_cast<std::int64_t>(progress.displayed));
    }
    for (const auto& jid : change.forgotten) {
        connection.execute(delete_progress, *owner, jid.text());
    }
    return true;
}

bool remove_room(Database& db, const AccountKey& key)
{
    const auto owner = db.find_owner(key);
    if (!owner) {
        return false;
    }
    const bool existed = has_room(db, *owner);
    remove_owner(db, key, *owner);
    return existed;
}

std::vector<RoomSummary> list_rooms(Connection& db, const std::string& host, const std::string& after,
    std::size_t limit, bool listed_only)
{
    std::vector<RoomSummary> rooms;
    auto rows = db.query(select_rooms, host, after, sql_number(limit), as_flag(listed_only));
    while (rows.next()) {
        rooms.push_back({ rows.text(0), rows.text(1), rows.integer(2) != 0, rows.integer(3) != 0,
            wall_time(rows.integer(4)) });
    }
    return rooms;
}

std::size_t count_rooms(Connection& db, const std::string& host, bool listed_only)
{
    auto rows = db.query(select_room_count, host, as_flag(listed_only));
    return rows.next() ? static_cast<std::size_t>(rows.integer(0)) : 0;
}

std::vector<std::string> rooms_knowing(Connection& db, const std::string& host, const Jid& user,
    const std::string& store, const std::string& name)
{
    std::vector<std::string> rooms;
    auto rows = db.query(select_rooms_knowing, host, user.text(), store, name);
    while (rows.next()) {
        rooms.push_back(rows.text(0));
    }
    return rooms;
}

void forget_in_rooms(Connection& db, const AccountKey& user)
{
    const std::string jid = user.user + "@" + user.host;
    db.execute(delete_memberships, jid, static_cast<std::int64_t>(Affiliation::outcast));
    db.execute(strip_bans, jid);
    db.execute(delete_all_progress, jid);
}

std::size_t count_owned_rooms(Connection& db, const std::string& host, const Jid& member)
{
    const auto affiliation = static_cast<std::int64_t>(Affiliation::owner);
    auto rows = db.query(select_owned_count, member.text(), affiliation, host);
    return rows.next() ? static_cast<std::size_t>(rows.integer(0)) : 0;
}

} // namespace stonechat::sqlite
