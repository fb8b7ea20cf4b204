// SPDX-License-Identifier: Apache-2.0
// The database file: how it is made, refused, migrated, reopened and copied (F5, F18, F19).
#include "storage/sqlite/schema.hpp"
#include "support.hpp"

#include <sqlite3.h>

#include <sys/stat.h>

#include <limits>

using namespace stonechat;
using namespace stonechat::test;
namespace fs = std::filesystem;

namespace {

const AccountKey juliet { "capulet.example", "juliet" };

struct Place {
    ManualClock clock;
    Log log;
    TemporaryFolder folder;
    std::string path = folder.file("stonechat.db");
    QueueExecutor home;

    std::unique_ptr<StorageBackend> open() { return open_at(path, clock, log); }

    /// Why it cannot be opened.
    std::string refusal()
    {
        SqliteOptions options;
        options.path = path;
        auto opened = open_sqlite_storage(std::move(options), clock, log);
        return opened.has_value() ? "it was opened" : opened.error().message;
    }

    void fill(int messages, const std::string& body = "last")
    {
        auto backend = open();
        auto storage = backend->front(home);
        MailboxLimits limits;
        limits.messages_per_sender = 100'000;
        limits.messages = 100'000;
        for (int i = 0; i + 1 < messages; ++i) {
            append(*storage, juliet, message("a@example.org", std::to_string(i) + body), limits)
                .then([](auto) {});
        }
        value(home, append(*storage, juliet, message("a@example.org", body), limits));
    }

    std::size_t messages()
    {
        auto backend = open();
        auto storage = backend->front(home);
        return value(home, storage->mailbox().count(juliet));
    }
};

/// Runs SQL on a closed database, as another program would.
void tamper(const std::string& path, const std::string& sql)
{
    sqlite3* db = nullptr;
    REQUIRE_EQ(sqlite3_open(path.c_str(), &db), SQLITE_OK);
    CHECK_EQ(sqlite3_exec(db, sql.c_str(), nullptr, nullptr, nullptr), SQLITE_OK);
    sqlite3_close(db);
}

/// A database as the first release made it, with mail.
void fill_version_1(const Place& place, int messages)
{
    REQUIRE(sqlite::prepare_database(place.path, sqlite::migrations().first(1)).has_value());
    std::string sql = "INSERT INTO owner (id, host, user) VALUES (7, 'capulet.example', 'juliet');";
    for (int i = 1; i <= messages; ++i) {
        sql += "INSERT INTO mailbox (owner, sender, stamp, xml) VALUES (7, 'romeo@montague.example', "
            + std::to_string(i) + ", x'" + std::string(static_cast<std::size_t>(2 * i), '4') + "');";
    }
    tamper(place.path, sql);
}

std::int64_t ask(const std::string& path, const std::string& sql)
{
    sqlite3* db = nullptr;
    sqlite3_stmt* statement = nullptr;
    REQUIRE_EQ(sqlite3_open_v2(path.c_str(), &db, SQLITE_OPEN_READONLY, nullptr), SQLITE_OK);
    REQUIRE_EQ(sqlite3_prepare_v2(db, sql.c_str(), -1, &statement, nullptr), SQLITE_OK);
    const auto number = sqlite3_step(statement) == SQLITE_ROW ? sqlite3_column_int64(statement, 0) : -1;
    sqlite3_finalize(statement);
    sqlite3_close(db);
    return number;
}

void overwrite(const std::string& path, std::streamoff at, const std::string& bytes)
{
    std::fstream file(path, std::ios::binary | std::ios::in | std::ios::out);
    file.seekp(at);
    file << bytes;
}

bool contains(const std::string& text, const std::string& part)
{
    return text.find(part) != std::string::npos;
}

mode_t mode_of(const std::string& path)
{
    struct stat status {};
    REQUIRE_EQ(::stat(path.c_str(), &status), 0);
    return status.st_mode & 0777;
}

} // namespace

TEST_CASE("sqlite: what was stored is there after closing and opening again")
{
    Place place;
    {
        auto backend = place.open();
        auto storage = backend->front(place.home);
        value(place.home, storage->accounts().create(juliet, { verifier(ScramHash::sha256, "salt") }));
        auto record = contact("romeo@montague.example");
        record.groups = { "Friends" };
        value(place.home, storage->rosters().put(juliet, record, 12));
        value(place.home, storage->keyval().set(juliet, "vcard", "", "<vCard/>"));
        value(place.home, append(*storage, juliet, message("a@example.org", "1"), MailboxLimits()));
    }
    auto backend = place.open();
    auto storage = backend->front(place.home);
    CHECK_EQ(value(place.home, storage->accounts().find(juliet))->verifiers[0].salt, "salt");
    const auto roster = value(place.home, storage->rosters().load(juliet));
    CHECK_EQ(roster.version, 12);
    CHECK_EQ(roster.items[0].groups, std::vector<std::string> { "Friends" });
    CHECK_EQ(value(place.home, storage->keyval().get(juliet, "vcard", "")), "<vCard/>");
    CHECK_EQ(value(place.home, storage->mailbox().count(juliet)), 1);
}

TEST_CASE("sqlite: mailbox limits and row numbers are right after a restart")
{
    Place place;
    MailboxLimits limits;
    limits.messages_per_sender = 2;
    limits.bytes = 5;
    std::uint64_t last = 0;
    {
        auto backend = place.open();
        auto storage = backend->front(place.home);
        value(place.home, append(*storage, juliet, message("a@example.org", "12"), limits));
        value(place.home, append(*storage, juliet, message("a@example.org", "3"), limits));
    }
    {
        auto backend = place.open();
        auto storage = backend->front(place.home);
        auto& mailbox = storage->mailbox();
        CHECK(value(place.home, append(*storage, juliet, message("a@example.org", "4"), limits)).mailbox
            == MailboxAnswer::sender_share_full);
        CHECK(value(place.home, append(*storage, juliet, message("b@example.org", "567"), limits)).mailbox
            == MailboxAnswer::mailbox_full);
        CHECK(value(place.home, append(*storage, juliet, message("b@example.org", "56"), limits)).mailbox
            == MailboxAnswer::stored);
        const auto mail = value(place.home, mailbox.read(juliet, 0, 10));
        last = mail.back().row;
        value(place.home, mailbox.remove(juliet, rows_of(mail)));
    }
    auto backend = place.open();
    auto storage = backend->front(place.home);
    value(place.home, append(*storage, juliet, message("a@example.org", "7"), limits));
    CHECK_GT(value(place.home, storage->mailbox().read(juliet, 0, 10))[0].row, last);
}

TEST_CASE("sqlite: message numbers go on after a restart, also with a clock that is behind (F7)")
{
    Place place;
    MessageId last = 0;
    for (int i = 0; i < 3; ++i) {
        auto backend = place.open();
        auto storage = backend->front(place.home);
        for (int j = 0; j < 3; ++j) {
            const auto id = value(place.home, append(*storage, juliet, message("a@example.org", "x"))).id;
            CHECK_GT(id, last);
            last = id;
        }
        value(place.home,
            storage->mailbox().remove(juliet,
                rows_of(value(place.home, storage->mailbox().read(juliet, 0, 10)))));
        place.clock.advance(-std::chrono::hours(1));
    }
    const auto begin = static_cast<MessageId>(ManualClock().wall().time_since_epoch().count());
    CHECK_LT(last, begin + 10'000'000); // and do not run away
}

TEST_CASE("sqlite: the files can be read by their owner only")
{
    Place place;
    auto backend = place.open();
    auto storage = backend->front(place.home);
    value(place.home, storage->keyval().set(juliet, "s", "n", "v"));
    CHECK_EQ(mode_of(place.path), 0600);
    CHECK_EQ(mode_of(place.path + "-wal"), 0600);
    CHECK_EQ(mode_of(place.path + "-shm"), 0600);
    CHECK_EQ(mode_of(place.path + ".lock"), 0600);
}

TEST_CASE("sqlite: closing moves everything into the one file")
{
    Place place;
    place.fill(100);
    CHECK_FALSE(fs::exists(place.path + "-wal"));
    CHECK_EQ(ask(place.path, "SELECT count(*) FROM mailbox"), 100);
    CHECK_EQ(ask(place.path, "PRAGMA application_id"), sqlite::application_id);
}

TEST_CASE("sqlite: a second server on the same file is refused, a later one is not")
{
    Place place;
    auto backend = place.open();
    const auto message = place.refusal();
    CHECK(contains(message, place.path));
    CHECK(contains(message, "in use by another process"));
    backend->stop();
    CHECK_EQ(place.refusal(), "it was opened");
}

TEST_CASE("sqlite: an empty file is refused, not taken for a new database (F5)")
{
    Place place;
    {
        std::ofstream file(place.path);
    }
    const auto message = place.refusal();
    CHECK(contains(message, place.path));
    CHECK(contains(message, "is empty"));
    CHECK(contains(message, "backup"));
    CHECK_EQ(fs::file_size(place.path), 0);
}

TEST_CASE("sqlite: a file that is not a database is refused (F5)")
{
    Place place;
    {
        std::ofstream(place.path) << std::string(8192, 'x');
    }
    CHECK(contains(place.refusal(), "not an SQLite file"));
    {
        std::ofstream(place.path) << "short";
    }
    CHECK(contains(place.refusal(), "not an SQLite file"));
}

TEST_CASE("sqlite: a database whose first page is damaged is refused (F5)")
{
    Place place;
    place.fill(10);
    overwrite(place.path, 100, std::string(400, '\x5a'));
    const auto message = place.refusal();
    CHECK(contains(message, "is damaged"));
    CHECK(contains(message, place.path));
    CHECK(contains(message, "last backup"));
}

TEST_CASE("sqlite: a database with a damaged page inside is refused (F5)")
{
    Place place;
    place.fill(1000);
    overwrite(place.path, 4096 * 12, std::string(4096, '\x5a'));
    CHECK(contains(place.refusal(), "is damaged"));
}

TEST_CASE("sqlite: a database that was cut off is refused (F5)")
{
    Place place;
    place.fill(1000);
    fs::resize_file(place.path, fs::file_size(place.path) / 2);
    CHECK(contains(place.refusal(), "is damaged"));
}

TEST_CASE("sqlite: a log without its database is refused (F5)")
{
    Place place;
    {
        std::ofstream(place.path + "-wal") << "frames";
    }
    CHECK(contains(place.refusal(), "is missing"));
    CHECK_FALSE(fs::exists(place.path));
}

TEST_CASE("sqlite: another program's database is refused and left alone")
{
    Place place;
    tamper(place.path, "CREATE TABLE t (x); PRAGMA application_id = 42; PRAGMA user_version = 1");
    CHECK(contains(place.refusal(), "belongs to another program"));
    CHECK_EQ(ask(place.path, "SELECT count(*) FROM sqlite_schema"), 1);
}

TEST_CASE("sqlite: a newer schema is refused and left alone (P13)")
{
    Place place;
    place.fill(3);
    tamper(place.path, "PRAGMA user_version = 99");
    const auto message = place.refusal();
    CHECK(contains(message, "schema 99"));
    CHECK(contains(message, "newer"));
    tamper(place.path, "PRAGMA user_version = " + std::to_string(sqlite::migrations().size()));
    CHECK_EQ(place.messages(), 3);
}

TEST_CASE("sqlite: a folder that does not exist is named")
{
    Place place;
    place.path = place.folder.file("nowhere/stonechat.db");
    CHECK(contains(place.refusal(), place.path));
}

TEST_CASE("sqlite: what an earlier attempt to make the database left behind is no obstacle")
{
    Place place;
    {
        std::ofstream(place.path + ".new") << "half";
    }
    {
        std::ofstream(place.path + ".new-wal") << "half";
    }
    CHECK_EQ(place.refusal(), "it was opened");
    CHECK_FALSE(fs::exists(place.path + ".new"));
}

TEST_CASE("sqlite: a migration runs forward after a copy was made (F18)")
{
    Place place;
    fill_version_1(place, 5);
    std::vector<sqlite::Migration> steps { sqlite::migrations()[0],
        "ALTER TABLE mailbox ADD COLUMN colour TEXT; UPDATE mailbox SET colour = 'red'",
        "CREATE TABLE room (id INTEGER PRIMARY KEY)" };
    steps.resize(sqlite::migrations().size() + 1, "SELECT 1"); // one that this server does not know
    REQUIRE(sqlite::prepare_database(place.path, steps).has_value());
    CHECK_EQ(ask(place.path, "PRAGMA user_version"), static_cast<std::int64_t>(steps.size()));
    CHECK_EQ(ask(place.path, "SELECT count(*) FROM mailbox WHERE colour = 'red'"), 5);
    CHECK_EQ(ask(place.path, "SELECT count(*) FROM room"), 0);

    const auto copy = place.path + ".v1.backup";
    CHECK_EQ(ask(copy, "PRAGMA user_version"), 1);
    CHECK_EQ(ask(copy, "SELECT count(*) FROM mailbox"), 5);
    CHECK_EQ(mode_of(copy), 0600);
    CHECK(contains(place.refusal(), "newer"));
}

TEST_CASE("sqlite: mail of the first schema is read, counted and removed after its migration")
{
    Place place;
    fill_version_1(place, 3);
    auto backend = place.open();
    auto storage = backend->front(place.home);
    const auto mail = value(place.home, storage->mailbox().read(juliet, 0, 10));
    REQUIRE_EQ(mail.size(), 3);
    CHECK_EQ(mail[1].xml, "DD");
    CHECK_EQ(mail[1].sender, "romeo@montague.example");
    CHECK(mail[1].stamp == WallTime(std::chrono::microseconds(2)));
    CHECK_FALSE(mail[1].archived.has_value());

    MailboxLimits limits;
    limits.bytes = 8; // six are taken
    CHECK(value(place.home, append(*storage, juliet, message("a@example.org", "123"), limits)).mailbox
        == MailboxAnswer::mailbox_full);
    CHECK(value(place.home, append(*storage, juliet, message("a@example.org", "12"), limits)).mailbox
        == MailboxAnswer::stored);
    value(place.home, storage->mailbox().remove_archived(juliet, std::numeric_limits<std::int64_t>::max()));
    CHECK_EQ(value(place.home, storage->mailbox().count(juliet)), 4);
    value(place.home, storage->mailbox().remove(juliet, rows_of(mail)));
    CHECK(value(place.home, append(*storage, juliet, message("a@example.org", "123456"), limits)).mailbox
        == MailboxAnswer::stored);
}

TEST_CASE("sqlite: archives of each earlier schema are read after its migration, and go on")
{
    constexpr std::size_t files_behind = 8; // from here on a message says by itself whose archives have it
    for (std::size_t version = 2; version < files_behind; ++version) {
        CAPTURE(version);
        Place place;
        REQUIRE(sqlite::prepare_database(place.path, sqlite::migrations().first(version)).has_value());
        tamper(place.path,
            "INSERT INTO owner (id, host, user) VALUES (7, 'capulet.example', 'juliet');"
            "INSERT INTO address (id, jid) VALUES (3, 'romeo@montague.example'), (4, "
            "'nurse@capulet.example');"
            "INSERT INTO conversation (owner, peer) VALUES (7, 3), (7, 4);"
            "INSERT INTO message (id, stamp, searchable, owner_a, peer_a, xml) VALUES"
            " (10, 10, 0, 7, 3, CAST('<a/>' AS BLOB)), (11, 11, 0, 7, 4, CAST('<b/>' AS BLOB)),"
            " (12, 12, 0, 7, 3, CAST('<c/>' AS BLOB));"
            "INSERT INTO archive (owner, peer, id, outgoing) VALUES (7, 3, 10, 0), (7, 4, 11, 1), (7, 3, 12, "
            "0);"
            "UPDATE message_state SET reserved = 20;");
        auto backend = place.open();
        auto storage = backend->front(place.home);
        MessageToStore message;
        message.xml = "<d/>";
        message.archives = { { juliet, *Jid::parse("nurse@capulet.example"), false } };
        value(place.home, storage->messages().accept(message));
        const auto page = value(place.home, storage->archive().page(juliet, {}));
        REQUIRE(page.has_value());
        std::string found;
        for (const auto& each : page->messages) {
            found += each.xml;
        }
        CHECK_EQ(found, "<a/><b/><c/><d/>");
    }
}

TEST_CASE("sqlite: what an earlier schema has indexed is found before, while and after it is indexed anew")
{
    Place place;
    REQUIRE(sqlite::prepare_database(place.path, sqlite::migrations().first(8)).has_value());
    std::string sql = "INSERT INTO owner (id, host, user) VALUES (7, 'capulet.example', 'juliet');"
                      "INSERT INTO address (id, jid) VALUES (3, 'romeo@montague.example');"
                      "INSERT INTO conversation (owner, peer) VALUES (7, 3);"
                      "UPDATE message_state SET reserved = 200, indexed = 120, filed = 120;";
    for (int id = 101; id <= 120; ++id) {
        const auto number = std::to_string(id);
        sql += "INSERT INTO message (id, stamp, searchable, owner_a, peer_a, xml) VALUES (" + number
            + ", 1, 1, 7, 3, CAST('<message xmlns=''jabber:client''><body>rose " + number
            + "</body></message>' AS BLOB));"
              "INSERT INTO archive (owner, peer, id, outgoing) VALUES (7, 3, "
            + number
            + ", 0);"
              "INSERT INTO message_words (rowid, owners, body) VALUES ("
            + number + ", 'o7', 'rose " + number + "');";
    }
    tamper(place.path, sql);
    auto backend = place.open();
    auto storage = backend->front(place.home);
    const auto count = [&](const std::string& text, bool from_the_end) {
        ArchiveQuery query;
        query.text = text;
        query.from_the_end = from_the_end;
        return value(place.home, storage->archive().page(juliet, query))->messages.size();
    };
    MessageToStore message;
    message.xml = "<message xmlns='jabber:client'><body>rose new</body></message>";
    message.searchable = true;
    message.archives = { { juliet, *Jid::parse("romeo@montague.example"), false } };
    value(place.home, storage->messages().accept(message));
    CHECK_EQ(count("rose", false), 20);
    for (int step = 0; step < 6; ++step) {
        value(place.home, storage->archive().index(5));
        INFO(step);
        CHECK_EQ(count("rose", false), 21);
        CHECK_EQ(count("rose", true), 21);
        CHECK_EQ(count("110", true), 1);
    }
    CHECK(value(place.home, storage->archive().replace(juliet, 110, "<message xmlns='jabber:client'/>")));
    CHECK_EQ(count("rose", false), 20);
    storage.reset();
    backend.reset();
    CHECK_EQ(ask(place.path, "SELECT count(*) FROM sqlite_schema WHERE name LIKE 'message_words_before%'"),
        0);
}

TEST_CASE("sqlite: a migration that fails changes nothing and says where the copy is (F18)")
{
    Place place;
    fill_version_1(place, 5);
    const std::vector<sqlite::Migration> steps { sqlite::migrations()[0], "DELETE FROM mailbox",
        "CREATE TABLE broken (" };
    for (int attempt = 0; attempt < 2; ++attempt) {
        const auto prepared = sqlite::prepare_database(place.path, steps);
        REQUIRE_FALSE(prepared.has_value());
        CHECK(contains(prepared.error().message, place.path + ".v1.backup"));
    }
    CHECK_EQ(ask(place.path, "PRAGMA user_version"), 1);
    CHECK_EQ(place.messages(), 5);
}

TEST_CASE("sqlite: a row that makes no sense is answered as damaged, and only that one")
{
    Place place;
    {
        auto backend = place.open();
        auto storage = backend->front(place.home);
        value(place.home, storage->accounts().create(juliet, { verifier(ScramHash::sha256, "salt") }));
        value(place.home, storage->rosters().put(juliet, contact("romeo@montague.example"), 1));
    }
    tamper(place.path, "UPDATE roster SET groups = x'ff00'; UPDATE verifier SET hash = 77");
    auto backend = place.open();
    auto storage = backend->front(place.home);
    CHECK_EQ(answer(place.home, storage->rosters().load(juliet)).error(), StoreError::damaged);
    CHECK_EQ(answer(place.home, storage->accounts().find(juliet)).error(), StoreError::damaged);
    // Behind a write the same read runs on the writer, beside others in one transaction.
    std::size_t stored = 0;
    for (int i = 0; i < 20; ++i) {
        storage->keyval().set(juliet, "s", std::to_string(i), "v").then([&stored](auto r) {
            stored += r.has_value();
        });
    }
    CHECK_EQ(answer(place.home, storage->rosters().load(juliet)).error(), StoreError::damaged);
    CHECK_EQ(stored, 20);
    CHECK_EQ(value(place.home, storage->keyval().load(juliet, "s")).size(), 20);
}

TEST_CASE("backup: contains all that was answered before, while writing goes on (F19)")
{
    Place place;
    auto backend = place.open();
    auto storage = backend->front(place.home);
    MailboxLimits limits;
    limits.messages = 100'000;
    limits.messages_per_sender = 100'000;
    const std::string xml(500, 'x');
    std::size_t answered = 0;
    const auto append_one = [&]() {
        append(*storage, juliet, message("a@example.org", xml), limits).then([&answered](auto r) {
            CHECK(r.has_value());
            ++answered;
        });
    };
    for (int i = 0; i < 3000; ++i) {
        append_one();
    }
    place.home.run_until([&answered]() { return answered == 3000; });

    const auto copy = place.folder.file("copy.db");
    std::optional<Result<Done, StoreError>> copied;
    backend->backup(place.home, copy).then([&copied](auto r) { copied = r; });
    std::size_t asked = 3000;
    while (!copied) {
        append_one();
        ++asked;
        place.home.run_until([&]() { return copied || asked - answered < 200; });
    }
    place.home.run_until([&]() { return answered == asked; });
    REQUIRE(copied->has_value());
    CHECK_EQ(mode_of(copy), 0600);
    CHECK_FALSE(fs::exists(copy + ".new"));
    CHECK_GE(ask(copy, "SELECT count(*) FROM mailbox"), 3000);
    CHECK_EQ(ask(copy, "SELECT integrity_check = 'ok' FROM pragma_integrity_check"), 1);
    backend->stop();

    place.path = copy;
    CHECK_GE(place.messages(), 3000);
}

TEST_CASE("backup: never overwrites a file and says when it cannot write")
{
    Place place;
    auto backend = place.open();
    const auto copy = place.folder.file("copy.db");
    {
        std::ofstream(copy) << "precious";
    }
    CHECK_EQ(answer(place.home, backend->backup(place.home, copy)).error(), StoreError::unavailable);
    CHECK_EQ(fs::file_size(copy), 8);
    const auto nowhere = place.folder.file("nowhere/copy.db");
    CHECK_EQ(answer(place.home, backend->backup(place.home, nowhere)).error(), StoreError::unavailable);
    CHECK(answer(place.home, backend->backup(place.home, place.folder.file("other.db"))).has_value());
    backend->stop();
    CHECK_EQ(answer(place.home, backend->backup(place.home, place.folder.file("late.db"))).error(),
        StoreError::unavailable);
}

TEST_CASE("sqlite: pages in memory are given back when nothing is asked for a while")
{
    Place place;
    place.fill(1000, std::string(3000, 'x'));
    SqliteOptions options;
    options.path = place.path;
    options.rest = std::chrono::milliseconds(1);
    auto opened = open_sqlite_storage(std::move(options), place.clock, place.log);
    REQUIRE(opened.has_value());
    auto storage = (*opened)->front(place.home);
    const auto before = sqlite3_memory_used();
    sqlite3_memory_highwater(1); // begins to look for the most anew

    REQUIRE_EQ(value(place.home, storage->mailbox().read(juliet, 0, 10'000)).size(), 1000);
    const auto most = sqlite3_memory_highwater(0);
    CHECK(most > before + 1'000'000);
    const auto is_given_back = [&]() { return sqlite3_memory_used() < before + (most - before) / 2; };
    const auto deadline = std::chrono::steady_clock::now() + std::chrono::seconds(60);
    while (!is_given_back() && std::chrono::steady_clock::now() < deadline) {
        std::this_thread::sleep_for(std::chrono::milliseconds(1));
    }
    CHECK(is_given_back());
}
