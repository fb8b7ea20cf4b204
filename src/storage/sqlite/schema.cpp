// SPDX-License-Identifier: Apache-2.0
#include "storage/sqlite/schema.hpp"

#include "storage/sqlite/archive_size.hpp"
#include "storage/sqlite/file.hpp"
#include "storage/sqlite/rewritten_rows.hpp"

#include <array>
#include <filesystem>
#include <fstream>
#include <string_view>
#include <vector>

namespace stonechat::sqlite {

namespace {

namespace fs = std::filesystem;

// An `owner` is a name for which data is stored; an account is an owner who may log in. Data refers to the
// owner's number and is deleted with the owner. Tables that are mostly read are sorted by owner (WITHOUT
// ROWID), so that a roster is read in one go. The mailbox is mostly written, for many owners at a time: it is
// sorted by arrival, so that ten messages share a page (measured: three times the throughput), and an index
// finds the mail of an owner. AUTOINCREMENT: the number of a removed row is never reused, even if it was the
// last one.
constexpr auto version_1 = R"(
CREATE TABLE owner (
    id INTEGER PRIMARY KEY,
    host TEXT NOT NULL,
    user TEXT NOT NULL,
    roster_version INTEGER NOT NULL DEFAULT 0,
    UNIQUE (host, user)
) STRICT;
CREATE TABLE account (
    owner INTEGER PRIMARY KEY REFERENCES owner ON DELETE CASCADE,
    enabled INTEGER NOT NULL,
    created INTEGER NOT NULL
) STRICT;
CREATE TABLE verifier (
    owner INTEGER NOT NULL REFERENCES owner ON DELETE CASCADE,
    hash INTEGER NOT NULL,
    salt BLOB NOT NULL,
    iterations INTEGER NOT NULL,
    stored_key BLOB NOT NULL,
    server_key BLOB NOT NULL,
    PRIMARY KEY (owner, hash)
) STRICT, WITHOUT ROWID;
CREATE TABLE roster (
    owner INTEGER NOT NULL REFERENCES owner ON DELETE CASCADE,
    contact TEXT NOT NULL,
    name TEXT NOT NULL,
    groups BLOB NOT NULL,
    subscription INTEGER NOT NULL,
    pending_out INTEGER NOT NULL,
    approved INTEGER NOT NULL,
    in_roster INTEGER NOT NULL,
    pending_in TEXT,
    PRIMARY KEY (owner, contact)
) STRICT, WITHOUT ROWID;
CREATE TABLE mailbox (
    row INTEGER PRIMARY KEY AUTOINCREMENT,
    owner INTEGER NOT NULL REFERENCES owner ON DELETE CASCADE,
    sender TEXT NOT NULL,
    stamp INTEGER NOT NULL,
    xml BLOB NOT NULL
) STRICT;
CREATE INDEX mailbox_by_owner ON mailbox (owner);
CREATE TABLE keyval (
    owner INTEGER NOT NULL REFERENCES owner ON DELETE CASCADE,
    store TEXT NOT NULL,
    name TEXT NOT NULL,
    value BLOB NOT NULL,
    PRIMARY KEY (owner, store, name)
) STRICT, WITHOUT ROWID;
)";

// Messages. The cost of a message is the number of b-trees that it is written to, so the tables written for
// each message (message, archive, unacked) have no second index and no foreign key. A `message` row exists as
// long as at least one `archive` row refers to it. Mail and unacknowledged copies refer to it too; they get a
// copy of the stanza when the last archive entry is removed, or at once if no archive has the message.
// `archive` is sorted by conversation; an account's whole archive is merged from its conversations. The
// message row names the owners whose archives may have it, and their peers, so that its entries can be found
// by number alone.
//
// Numbers up to `reserved` may have been given to messages. An owner in `leftover` has been removed; its
// messages are deleted step by step. `late` and `early` are the largest differences between numbers and
// stamps.
constexpr auto version_2 = R"(
CREATE TABLE address (
    id INTEGER PRIMARY KEY,
    jid TEXT NOT NULL UNIQUE
) STRICT;
CREATE TABLE message (
    id INTEGER PRIMARY KEY,
    stamp INTEGER NOT NULL,
    searchable INTEGER NOT NULL,
    owner_a INTEGER NOT NULL,
    peer_a INTEGER NOT NULL,
    owner_b INTEGER,
    peer_b INTEGER,
    xml BLOB NOT NULL
) STRICT;
CREATE TABLE archive (
    owner INTEGER NOT NULL,
    peer INTEGER NOT NULL,
    id INTEGER NOT NULL,
    outgoing INTEGER NOT NULL,
    resource TEXT,
    replay INTEGER,
    PRIMARY KEY (owner, peer, id)
) STRICT, WITHOUT ROWID;
CREATE TABLE conversation (
    owner INTEGER NOT NULL,
    peer INTEGER NOT NULL,
    retention INTEGER,
    PRIMARY KEY (owner, peer)
) STRICT, WITHOUT ROWID;
CREATE TABLE leftover (
    owner INTEGER PRIMARY KEY
) STRICT;
CREATE TABLE message_state (
    id INTEGER PRIMARY KEY,
    reserved INTEGER NOT NULL,
    indexed INTEGER NOT NULL,
    late INTEGER NOT NULL,
    early INTEGER NOT NULL
) STRICT;
INSERT INTO message_state (id, reserved, indexed, late, early) VALUES (1, 0, 0, 0, 0);
CREATE VIRTUAL TABLE message_words USING fts5(
    owners, body, content = '', tokenize = 'unicode61 remove_diacritics 2');
CREATE TABLE stream (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    owner INTEGER NOT NULL REFERENCES owner ON DELETE CASCADE,
    token BLOB NOT NULL UNIQUE,
    resource TEXT NOT NULL,
    handled INTEGER NOT NULL,
    window INTEGER NOT NULL,
    touched INTEGER NOT NULL,
    state BLOB NOT NULL
) STRICT;
CREATE INDEX stream_by_owner ON stream (owner);
CREATE TABLE unacked (
    stream INTEGER NOT NULL,
    sequence INTEGER NOT NULL,
    form INTEGER NOT NULL,
    id INTEGER NOT NULL,
    stamp INTEGER,
    xml BLOB,
    PRIMARY KEY (stream, sequence)
) STRICT, WITHOUT ROWID;
CREATE TRIGGER stream_gone AFTER DELETE ON stream BEGIN
    DELETE FROM unacked WHERE stream = old.id;
END;
ALTER TABLE owner ADD COLUMN retention INTEGER;
ALTER TABLE mailbox ADD COLUMN message INTEGER;
ALTER TABLE mailbox ADD COLUMN size INTEGER;
CREATE INDEX mailbox_by_message ON mailbox (message) WHERE message IS NOT NULL;
)";

// Mail that was given to a resumable session returns to the row `mail` if the session does not acknowledge
// it.
constexpr auto version_3 = R"(
ALTER TABLE unacked ADD COLUMN mail INTEGER;
)";

// Group chat rooms. A room is an owner like an account; its messages are in `archive` like those of accounts.
constexpr auto version_4 = R"(
CREATE TABLE room (
    owner INTEGER PRIMARY KEY REFERENCES owner ON DELETE CASCADE,
    config TEXT NOT NULL,
    subject TEXT NOT NULL,
    present TEXT NOT NULL,
    persistent INTEGER NOT NULL,
    listed INTEGER NOT NULL,
    created INTEGER NOT NULL
) STRICT;
CREATE TABLE room_member (
    owner INTEGER NOT NULL REFERENCES owner ON DELETE CASCADE,
    jid TEXT NOT NULL,
    affiliation INTEGER NOT NULL,
    reason TEXT NOT NULL,
    nick TEXT NOT NULL,
    choices TEXT NOT NULL,
    PRIMARY KEY (owner, jid)
) STRICT, WITHOUT ROWID;
CREATE INDEX room_member_by_jid ON room_member (jid, affiliation);
CREATE TABLE room_progress (
    owner INTEGER NOT NULL REFERENCES owner ON DELETE CASCADE,
    jid TEXT NOT NULL,
    received INTEGER NOT NULL,
    displayed INTEGER NOT NULL,
    PRIMARY KEY (owner, jid)
) STRICT, WITHOUT ROWID;
)";

// Streams on which repeatable messages arrived (SentStreams). Older values of `archive.replay` match nothing
// any more.
constexpr auto version_5 = R"(
CREATE TABLE sent_stream (
    owner INTEGER NOT NULL REFERENCES owner ON DELETE CASCADE,
    stream INTEGER NOT NULL,
    first INTEGER NOT NULL,
    state INTEGER NOT NULL,
    ended INTEGER NOT NULL,
    PRIMARY KEY (owner, stream)
) STRICT, WITHOUT ROWID;
DELETE FROM keyval WHERE store = 'archive_failed';
)";

// Accounts whose removal has begun, and names of removed accounts.
constexpr auto version_6 = R"(
CREATE TABLE removal (
    owner INTEGER PRIMARY KEY REFERENCES owner ON DELETE CASCADE
) STRICT;
CREATE TABLE former_name (
    name INTEGER PRIMARY KEY,
    removed INTEGER NOT NULL,
    holders INTEGER NOT NULL
) STRICT;
CREATE INDEX roster_by_contact ON roster (contact);
)";

// Version 7 does not change the tables.

// `archive` is filled some time after the commit (Filing). Until then the message row itself holds the values
// for `archive` in `how`, `resource_a`, `resource_b` and `replay`.
constexpr auto version_8 = R"(
ALTER TABLE message ADD COLUMN how INTEGER;
ALTER TABLE message ADD COLUMN resource_a TEXT;
ALTER TABLE message ADD COLUMN resource_b TEXT;
ALTER TABLE message ADD COLUMN replay INTEGER;
ALTER TABLE message_state ADD COLUMN filed INTEGER NOT NULL DEFAULT 0;
ALTER TABLE message_state ADD COLUMN filing INTEGER NOT NULL DEFAULT 0;
ALTER TABLE message_state ADD COLUMN filing_owner INTEGER NOT NULL DEFAULT 0;
ALTER TABLE message_state ADD COLUMN filing_peer INTEGER NOT NULL DEFAULT 0;
ALTER TABLE message_state ADD COLUMN filing_id INTEGER NOT NULL DEFAULT 0;
UPDATE message_state SET filed = coalesce((SELECT max(id) FROM message), 0);
)";

// The search index with Stonechat's own tokenizer. Messages indexed before are found in the old index until
// they have been indexed again, one by one: `reindexed` is the progress, `reindex_to` the end.
constexpr auto version_9 = R"(
ALTER TABLE message_words RENAME TO message_words_before;
CREATE VIRTUAL TABLE message_words USING fts5(owners, body, content = '', tokenize = 'stonechat');
ALTER TABLE message_state ADD COLUMN reindexed INTEGER NOT NULL DEFAULT 0;
ALTER TABLE message_state ADD COLUMN reindex_to INTEGER NOT NULL DEFAULT 0;
UPDATE message_state SET reindex_to = max(indexed, 1);
)";

// The size of the filed messages in each owner's archive (ArchiveSizes).
constexpr auto version_10 = "ALTER TABLE owner ADD COLUMN archive_bytes INTEGER NOT NULL DEFAULT 0;";

// Nodes of pubsub services. A service is an owner. Names and ids are blobs: they are compared as bytes. `row`
// and `sequence` are the order in which items were first and last published; `expires` is set in nodes whose
// items have a lifetime. Triggers count, because most items are removed together with other rows.
constexpr auto version_11 = R"(
ALTER TABLE owner ADD COLUMN nodes INTEGER NOT NULL DEFAULT 0;
ALTER TABLE owner ADD COLUMN node_bytes INTEGER NOT NULL DEFAULT 0;
CREATE TABLE node (
    id INTEGER PRIMARY KEY,
    owner INTEGER NOT NULL REFERENCES owner ON DELETE CASCADE,
    name BLOB NOT NULL,
    config TEXT NOT NULL,
    creator TEXT NOT NULL,
    created INTEGER NOT NULL,
    item_lifetime INTEGER NOT NULL,
    sequence INTEGER NOT NULL,
    items INTEGER NOT NULL,
    item_bytes INTEGER NOT NULL,
    UNIQUE (owner, name)
) STRICT;
CREATE TABLE node_affiliation (
    node INTEGER NOT NULL REFERENCES node ON DELETE CASCADE,
    jid TEXT NOT NULL,
    affiliation INTEGER NOT NULL,
    PRIMARY KEY (node, jid)
) STRICT, WITHOUT ROWID;
CREATE INDEX node_affiliation_by_jid ON node_affiliation (jid);
CREATE TABLE node_subscription (
    node INTEGER NOT NULL REFERENCES node ON DELETE CASCADE,
    jid TEXT NOT NULL,
    state INTEGER NOT NULL,
    id TEXT NOT NULL,
    options TEXT NOT NULL,
    PRIMARY KEY (node, jid)
) STRICT, WITHOUT ROWID;
CREATE INDEX node_subscription_by_jid ON node_subscription (jid);
CREATE TABLE node_item (
    row INTEGER PRIMARY KEY,
    node INTEGER NOT NULL REFERENCES node ON DELETE CASCADE,
    id BLOB NOT NULL,
    sequence INTEGER NOT NULL,
    publisher TEXT NOT NULL,
    created INTEGER NOT NULL,
    modified INTEGER NOT NULL,
    expires INTEGER,
    payload BLOB NOT NULL,
    UNIQUE (node, id)
) STRICT;
CREATE INDEX node_item_by_sequence ON node_item (node, sequence);
CREATE INDEX node_item_by_expiry ON node_item (expires) WHERE expires IS NOT NULL;
CREATE TRIGGER node_item_new AFTER INSERT ON node_item BEGIN
    UPDATE node SET items = items + 1, item_bytes = item_bytes + length(new.id) + length(new.payload)
    WHERE id = new.node;
END;
CREATE TRIGGER node_item_changed AFTER UPDATE OF payload ON node_item BEGIN
    UPDATE node SET item_bytes = item_bytes + length(new.payload) - length(old.payload) WHERE id = new.node;
END;
CREATE TRIGGER node_item_gone AFTER DELETE ON node_item BEGIN
    UPDATE node SET items = items - 1, item_bytes = item_bytes - length(old.id) - length(old.payload)
    WHERE id = old.node;
END;
CREATE TRIGGER node_new AFTER INSERT ON node BEGIN
    UPDATE owner SET nodes = nodes + 1, node_bytes = node_bytes + new.item_bytes WHERE id = new.owner;
END;
CREATE TRIGGER node_changed AFTER UPDATE OF item_bytes ON node BEGIN
    UPDATE owner SET node_bytes = node_bytes + new.item_bytes - old.item_bytes WHERE id = new.owner;
END;
CREATE TRIGGER node_gone AFTER DELETE ON node BEGIN
    UPDATE owner SET nodes = nodes - 1, node_bytes = node_bytes - old.item_bytes WHERE id = old.owner;
END;
)";

// How far an account has read a conversation (InboxStore).
constexpr auto version_12 = R"(
CREATE TABLE read_position (
    owner INTEGER NOT NULL REFERENCES owner ON DELETE CASCADE,
    peer INTEGER NOT NULL,
    id INTEGER NOT NULL,
    PRIMARY KEY (owner, peer)
) STRICT, WITHOUT ROWID;
)";

constexpr std::array<Migration, 12> all_migrations { version_1, version_2, version_3, version_4, version_5,
    version_6, Migration("", mend_rewritten_rows), version_8, version_9,
    Migration(version_10, count_archive_bytes), version_11, version_12 };

constexpr std::string_view magic("SQLite format 3\0", 16);
constexpr std::size_t header_size = 100;
constexpr std::uintmax_t checked_throughout = 32 * 1024 * 1024;

constexpr auto restore = "Stop the server, put the last backup in its place and start again.";

StorageOpenError error_for(const std::string& path, const std::string& what, const std::string& remedy)
{
    return StorageOpenError { "The database " + path + " " + what + ". " + remedy };
}

StorageOpenError damaged(const std::string& path, const std::string& what)
{
    return error_for(path, "is damaged (" + what + ")", restore);
}

std::string quoted(const std::string& name)
{
    std::string text = "\"";
    for (const char c : name) {
        text.append(c == '"' ? 2 : 1, c);
    }
    return text + "\"";
}

/// Runs the missing steps and stores the new schema version in the file. A failure sticks to the connection.
void migrate(Connection& db, std::int64_t from, std::span<const Migration> steps)
{
    db.run_script("BEGIN IMMEDIATE");
    for (const Migration& step : steps.subspan(static_cast<std::size_t>(from))) {
        db.run_script(step.sql);
        if (step.work != nullptr) {
            step.work(db);
        }
    }
    db.run_script("PRAGMA application_id = " + std::to_string(application_id));
    db.run_script("PRAGMA user_version = " + std::to_string(steps.size()));
    db.run_script("COMMIT");
    if (db.failure() != Failure::none) {
        db.roll_back();
    }
}

/// Removes files of an earlier attempt first; they were never used as a database.
void remove_with_log(const std::string& path)
{
    std::error_code ignored; // if a file cannot be removed, creating the new one fails visibly
    for (const auto* suffix : { "", "-wal", "-shm", "-journal" }) {
        fs::remove(path + suffix, ignored);
    }
}

FileResult make_tables(const std::string& path, std::span<const Migration> steps)
{
    if (auto made = make_private_file(path); !made) {
        return made;
    }
    auto db = Connection::open(path, Connection::Access::read_write);
    if (!db) {
        return db.error();
    }
    db->run_script("PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL");
    migrate(*db, 0, steps);
    if (db->failure() != Failure::none) {
        return db->problem();
    }
    return Done();
}

Result<Done, StorageOpenError> make_database(const std::string& path, std::span<const Migration> steps)
{
    const auto unfinished = path + ".new";
    remove_with_log(unfinished);
    auto made = make_tables(unfinished, steps);
    if (made) {
        made = publish_file(unfinished, path, false);
    }
    if (!made) {
        return error_for(path, "cannot be made: " + made.error(),
            "Check that the folder exists, has space and belongs to the server's user.");
    }
    return Done();
}

/// Copies the file before the migration. Replaces the copy of an earlier, failed attempt.
FileResult copy_database(Connection& db, const std::string& target)
{
    const auto unfinished = target + ".new";
    remove_with_log(unfinished);
    if (auto made = make_private_file(unfinished); !made) {
        return made;
    }
    {
        auto copy = Connection::open(unfinished, Connection::Access::read_write);
        if (!copy) {
            return copy.error();
        }
        copy->run_script("PRAGMA synchronous = OFF");
        if (db.copy_into(*copy, 1024, []() { return true; }) != Failure::none) {
            return std::string("it cannot be copied to ") + target;
        }
    }
    return publish_file(unfinished, target, true);
}

/// Checks the file without SQLite, which would take an empty file for a new database.
Result<Done, StorageOpenError> check_header(const std::string& path)
{
    std::ifstream file(path, std::ios::binary);
    if (!file) {
        return error_for(path, "cannot be read", "Check that it belongs to the server's user.");
    }
    std::string header(header_size, '\0');
    file.read(header.data(), static_cast<std::streamsize>(header.size()));
    if (file.gcount() == 0) {
        return error_for(path, "is empty",
            "If this is a new server, remove the file; otherwise put the last backup in its place.");
    }
    if (file.gcount() < static_cast<std::streamsize>(header_size) || !header.starts_with(magic)) {
        return damaged(path, "not an SQLite file");
    }
    return Done();
}

Result<Done, StorageOpenError> check_origin(Connection& db, const std::string& path, std::size_t newest)
{
    const auto owner = db.number("PRAGMA application_id");
    const auto version = db.number("PRAGMA user_version");
    if (!owner || !version) {
        return damaged(path, db.problem());
    }
    if (*owner != application_id) {
        return error_for(path, "belongs to another program",
            "Name another file in the configuration, or move this one away.");
    }
    if (*version > static_cast<std::int64_t>(newest)) {
        return error_for(path,
            "has schema " + std::to_string(*version) + ", newer than this server knows ("
                + std::to_string(newest) + ")",
            "Install the newer server again, or restore the backup that was made before the upgrade.");
    }
    if (*version <= 0) {
        return damaged(path, "no schema version");
    }
    return Done();
}

Result<Done, StorageOpenError> check_tables(Connection& db, const std::string& path)
{
    std::vector<std::string> tables;
    {
        auto rows = db.query("SELECT name FROM sqlite_schema WHERE type = 'table'");
        while (rows.next()) {
            tables.push_back(rows.text(0));
        }
    }
    for (const auto& table : tables) {
        db.number("SELECT 1 FROM " + quoted(table) + " LIMIT 1");
    }
    if (db.failure() != Failure::none) {
        return damaged(path, db.problem());
    }
    return Done();
}

Result<Done, StorageOpenError> check_pages(Connection& db, const std::string& path)
{
    std::error_code ignored; // a size of -1 is checked as a large file
    const auto size = fs::file_size(path, ignored);
    const auto log_size = fs::file_size(path + "-wal", ignored);
    const auto pages = db.number("PRAGMA page_count").value_or(0);
    const auto page_size = db.number("PRAGMA page_size").value_or(0);
    const bool log_is_empty = ignored || log_size == 0;
    if (log_is_empty && size < static_cast<std::uintmax_t>(pages * page_size)) {
        return damaged(path, "it was cut off");
    }
    if (size > checked_throughout) {
        return Done();
    }
    auto rows = db.query("PRAGMA quick_check(1)");
    const auto verdict = rows.next() ? rows.text(0) : db.problem();
    if (verdict != "ok") {
        return damaged(path, verdict);
    }
    return Done();
}

Result<Done, StorageOpenError> upgrade(Connection& db, const std::string& path,
    std::span<const Migration> steps)
{
    const auto version = db.number("PRAGMA user_version").value_or(0);
    if (version == static_cast<std::int64_t>(steps.size())) {
        return Done();
    }
    const auto backup = path + ".v" + std::to_string(version) + ".backup";
    if (auto copied = copy_database(db, backup); !copied) {
        return error_for(path, "was not migrated, because " + copied.error(),
            "Make space for a copy of the database and start again.");
    }
    db.run_script("PRAGMA synchronous = FULL");
    migrate(db, version, steps);
    if (db.failure() != Failure::none) {
        return error_for(path,
            "could not be migrated from schema " + std::to_string(version) + ": " + db.problem(),
            "It is unchanged, and a copy is in " + backup + "; go on with the previous server.");
    }
    return Done();
}

Result<Done, StorageOpenError> check_and_upgrade(const std::string& path, std::span<const Migration> steps)
{
    if (auto sound = check_header(path); !sound) {
        return sound;
    }
    auto db = Connection::open(path, Connection::Access::read_write);
    if (!db) {
        return error_for(path, "cannot be opened: " + db.error(),
            "Check that it belongs to the server's user.");
    }
    if (auto ours = check_origin(*db, path, steps.size()); !ours) {
        return ours;
    }
    if (auto sound = check_pages(*db, path); !sound) {
        return sound;
    }
    if (auto sound = check_tables(*db, path); !sound) {
        return sound;
    }
    return upgrade(*db, path, steps);
}

} // namespace

std::span<const Migration> migrations()
{
    return all_migrations;
}

Result<Done, StorageOpenError> prepare_database(const std::string& path, std::span<const Migration> steps)
{
    std::error_code error;
    if (fs::exists(path, error)) {
        return check_and_upgrade(path, steps);
    }
    if (fs::exists(path + "-wal", error)) {
        return error_for(path, "is missing, but its log " + path + "-wal is there",
            "Put the database back beside it, or restore the last backup and remove the log.");
    }
    return make_database(path, steps);
}

} // namespace stonechat::sqlite
