// SPDX-License-Identifier: Apache-2.0
// Archives in SQLite are filed behind the writes: whatever is filed at the time, they read the same.
#include "messages.hpp"
#include "storage/sqlite/connection.hpp"

#include <algorithm>
#include <map>

using namespace stonechat;
using namespace stonechat::test;

namespace {

/// Messages between several people, in an archive whose server ends now and then.
struct Reopened {
    ManualClock clock;
    Log log;
    TemporaryFolder folder;
    QueueExecutor home;
    std::unique_ptr<StorageBackend> backend;
    std::unique_ptr<Storage> storage;

    explicit Reopened(std::size_t segment) { open(segment); }
    void open(std::size_t segment)
    {
        storage.reset();
        backend.reset();
        backend = open_at(folder.file("stonechat.db"), clock, log, 0, segment);
        storage = backend->front(home);
    }
    MessageId put(int number)
    {
        MessageToStore message;
        message.stamp = clock.wall();
        message.xml = chat(std::to_string(number));
        const auto peer = *Jid::parse("p" + std::to_string(number % 5) + "@capulet.example/r"
            + std::to_string(number % 2));
        message.archives = { entry(juliet, peer, number % 3 == 0), entry(romeo, juliet_bare) };
        clock.advance(1ms);
        return value(home, storage->messages().accept(std::move(message))).id;
    }
    Ids ids(const AccountKey& owner, ArchiveQuery query = {})
    {
        query.limit = 1000;
        Ids ids;
        const auto page = value(home, storage->archive().page(owner, std::move(query)));
        for (const auto& message : page->messages) {
            ids.push_back(message.id);
        }
        return ids;
    }
};

} // namespace

TEST_CASE("filing: whatever is filed when the server ends, the archives are the same")
{
    for (const std::size_t segment : { 1, 7, 40, 1000 }) {
        CAPTURE(segment);
        Reopened at(segment);
        Ids all;
        std::map<std::string, Ids> with;
        for (int i = 0; i < 120; ++i) {
            all.push_back(at.put(i));
            with["p" + std::to_string(i % 5) + "@capulet.example/r" + std::to_string(i % 2)].push_back(
                all.back());
            if (i % 17 == 0) {
                at.open(i % 2 == 0 ? segment : 5);
            }
        }
        CHECK_EQ(at.ids(juliet), all);
        CHECK_EQ(at.ids(romeo), all);
        for (const auto& [peer, ids] : with) {
            ArchiveQuery query;
            query.with = *Jid::parse(peer);
            CHECK_EQ(at.ids(juliet, query), ids);
            query.from_the_end = true;
            query.page_before = ids.back();
            CHECK_EQ(at.ids(juliet, query), Ids(ids.begin(), ids.end() - 1));
        }
        const auto ends = value(at.home, at.storage->archive().ends(juliet));
        CHECK_EQ(ends.oldest->id, all.front());
        CHECK_EQ(ends.newest->id, all.back());
        value(at.home, at.storage->archive().remove(juliet, *Jid::parse("p1@capulet.example")));
        CHECK_EQ(at.ids(juliet).size(), 96);
        CHECK_EQ(at.ids(romeo), all);
        at.open(segment);
        CHECK_EQ(at.ids(juliet).size(), 96);
        all.push_back(at.put(1));
        CHECK_EQ(at.ids(romeo), all);
        CHECK_EQ(at.ids(juliet).size(), 97);
    }
}

TEST_CASE("filing: a backup has what is not filed, and files it")
{
    for (const std::size_t segment : { 7, 1000 }) {
        Reopened at(segment);
        Ids all;
        for (int i = 0; i < 30; ++i) {
            all.push_back(at.put(i));
        }
        const auto copy = at.folder.file("copy.db");
        REQUIRE(answer(at.home, at.backend->backup(at.home, copy)).has_value());
        at.put(30);
        at.storage.reset();
        at.backend = open_at(copy, at.clock, at.log, 0, 5);
        at.storage = at.backend->front(at.home);
        CHECK_EQ(at.ids(juliet), all);
        all.push_back(at.put(31));
        CHECK_EQ(at.ids(juliet), all);
        CHECK_EQ(at.ids(romeo), all);
    }
}

TEST_CASE("filing: what an account holds is counted, filed or not")
{
    for (const std::size_t segment : { 1, 5, 1000 }) {
        Reopened at(segment);
        for (std::size_t i = 1; i <= 23; ++i) {
            at.put(static_cast<int>(i));
            CHECK_EQ(value(at.home, at.storage->accounts().holdings(juliet)).archive.count, i);
            CHECK_EQ(value(at.home, at.storage->accounts().holdings(romeo)).archive.count, i);
        }
    }
}

TEST_CASE(
    "filing: the size of an archive is the same after a restart, and counted in files of an earlier schema")
{
    for (const std::size_t segment : { 1, 5, 1000 }) {
        CAPTURE(segment);
        Reopened at(segment);
        std::uint64_t bytes = 0;
        const auto check = [&at, &bytes] {
            CHECK_EQ(value(at.home, at.storage->archive().size(juliet)), bytes);
            CHECK_EQ(value(at.home, at.storage->archive().size(romeo)), bytes);
        };
        for (int i = 0; i < 40; ++i) {
            at.put(i);
            bytes += chat(std::to_string(i)).size();
            check();
            if (i % 9 == 0) {
                at.open(segment);
                check();
            }
        }
        value(at.home, at.storage->archive().remove(romeo, *Jid::parse("juliet@capulet.example")));
        at.storage.reset();
        at.backend.reset();
        {
            auto db = sqlite::Connection::open(at.folder.file("stonechat.db"),
                sqlite::Connection::Access::read_write);
            REQUIRE(db.has_value());
            db->run_script("DROP TABLE node_item; DROP TABLE node_affiliation; DROP TABLE node_subscription;"
                           "DROP TABLE node; DROP TABLE read_position; ALTER TABLE owner DROP COLUMN nodes;"
                           "ALTER TABLE owner DROP COLUMN node_bytes;"
                           "ALTER TABLE owner DROP COLUMN archive_bytes; PRAGMA user_version = 9");
            REQUIRE(db->failure() == sqlite::Failure::none);
        }
        at.open(segment);
        CHECK_EQ(value(at.home, at.storage->archive().size(juliet)), bytes);
        CHECK_EQ(value(at.home, at.storage->archive().size(romeo)), 0);
    }
}

TEST_CASE("filing: who reads while others write sees all that was stored before, in order and once")
{
    Reopened at(5);
    Ids stored;
    std::vector<Ids> seen;
    for (int i = 0; i < 300; ++i) {
        MessageToStore message;
        message.stamp = at.clock.wall();
        message.xml = chat(std::to_string(i));
        const auto peer = *Jid::parse("p" + std::to_string(i % 7) + "@capulet.example");
        message.archives = { entry(juliet, peer, true), entry(romeo, juliet_bare) };
        at.storage->messages().accept(std::move(message)).then([&stored](const auto& receipt) {
            stored.push_back(receipt->id);
        });
        if (i % 10 == 9) {
            const auto before = stored.size();
            seen.push_back(at.ids(juliet));
            CHECK_GE(seen.back().size(), before);
            CHECK_GE(seen.back().size(),
                static_cast<std::size_t>(i + 1)); // it follows what was asked before it
        }
    }
    at.home.run_until([&stored] { return stored.size() == 300; });
    for (const auto& ids : seen) {
        CHECK(std::equal(ids.begin(), ids.end(), stored.begin()));
    }
    CHECK_EQ(at.ids(romeo), stored);
}
