// SPDX-License-Identifier: Apache-2.0
// How fast the stores for messages are. Not a part of the suite: run with --no-skip and look.
#include "support.hpp"

#include <sqlite3.h>

#include <cstdio>
#include <ctime>
#include <random>

using namespace stonechat;
using namespace stonechat::test;

namespace {

double cpu_seconds()
{
    timespec time {};
    ::clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &time);
    return static_cast<double>(time.tv_sec) + static_cast<double>(time.tv_nsec) / 1e9;
}

double milliseconds_since(std::chrono::steady_clock::time_point begin)
{
    return std::chrono::duration<double, std::milli>(std::chrono::steady_clock::now() - begin).count();
}

std::string stanza(int number)
{
    return "<message xmlns='jabber:client' type='chat' from='romeo@montague.example/orchard'"
           " to='juliet@capulet.example' id='"
        + std::to_string(number)
        + "'><body>Wherefore art thou, and what is in a name that we call a rose? It would be just as sweet."
          "</body><active xmlns='http://jabber.org/protocol/chatstates'/></message>";
}

void execute(sqlite3* db, const std::string& sql)
{
    REQUIRE_EQ(sqlite3_exec(db, sql.c_str(), nullptr, nullptr, nullptr), SQLITE_OK);
}

/// Ten million messages of one owner, made by SQL alone.
void fill(const std::string& path, int conversations, int messages)
{
    sqlite3* db = nullptr;
    REQUIRE_EQ(sqlite3_open(path.c_str(), &db), SQLITE_OK);
    execute(db, "PRAGMA synchronous = OFF; PRAGMA cache_size = -400000; BEGIN");
    execute(db, "INSERT INTO owner (id, host, user) VALUES (1, 'capulet.example', 'juliet')");
    const auto n = std::to_string(messages);
    const auto k = std::to_string(conversations);
    const auto counted = "WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < ";
    execute(db,
        counted + k + ") INSERT INTO address (id, jid) SELECT i, 'peer' || i || '@example.org' FROM n");
    execute(db, "INSERT INTO conversation (owner, peer) SELECT 1, id FROM address");
    execute(db,
        counted + n
            + ") INSERT INTO message (id, stamp, searchable, owner_a, peer_a, xml) SELECT"
              " 1600000000000000 + i * 1000000, 1600000000000000 + i * 1000000, 0, 1, 1 + i % "
            + k + ", CAST('<message><body>' || i || '</body></message>' AS BLOB) FROM n");
    for (int peer = 1; peer <= conversations; ++peer) { // in order of the key
        const auto first = std::to_string(peer == 1 ? conversations : peer - 1);
        execute(db,
            "WITH RECURSIVE n (i) AS (SELECT " + first + " UNION ALL SELECT i + " + k + " FROM n WHERE i + "
                + k + " <= " + n + ") INSERT INTO archive (owner, peer, id, outgoing) SELECT 1, "
                + std::to_string(peer) + ", 1600000000000000 + i * 1000000, 0 FROM n");
    }
    execute(db, "UPDATE message_state SET filed = (SELECT max(id) FROM message)");
    execute(db, "COMMIT");
    sqlite3_close(db);
}

double worst_page(QueueExecutor& home, Storage& storage, const ArchiveQuery& query, int times, bool random)
{
    std::mt19937_64 numbers(1);
    double worst = 0;
    for (int i = 0; i < times; ++i) {
        auto asked = query;
        if (random) {
            asked.page_after = 1'600'000'000'000'000 + (1 + numbers() % 9'000'000) * 1'000'000;
        }
        const auto begin = std::chrono::steady_clock::now();
        const auto page = value(home, storage.archive().page({ "capulet.example", "juliet" }, asked));
        worst = std::max(worst, milliseconds_since(begin));
        REQUIRE(page.has_value());
        CHECK_EQ(page->messages.size(), asked.limit);
    }
    return worst;
}

} // namespace

TEST_CASE("measure: pages of an archive of ten million messages" * doctest::skip())
{
    for (const int conversations : { 1, 1000, 10'000 }) {
        ManualClock clock;
        Log log;
        TemporaryFolder folder;
        const auto path = folder.file("stonechat.db");
        open_at(path, clock, log);
        fill(path, conversations, 10'000'000);
        auto backend = open_at(path, clock, log);
        QueueExecutor home;
        auto storage = backend->front(home);
        ArchiveQuery newest;
        newest.from_the_end = true;
        std::printf("%d conversations: first %.1f ms,", conversations,
            worst_page(home, *storage, newest, 1, false));
        std::printf(" newest %.1f ms,", worst_page(home, *storage, newest, 50, false));
        std::printf(" oldest %.1f ms,", worst_page(home, *storage, ArchiveQuery(), 50, false));
        ArchiveQuery hundred;
        hundred.limit = 100;
        std::printf(" anywhere %.1f ms,", worst_page(home, *storage, hundred, 200, true));
        ArchiveQuery with;
        with.with = *Jid::parse("peer1@example.org");
        with.from_the_end = true;
        std::printf(" newest of a conversation %.1f ms,", worst_page(home, *storage, with, 50, false));
        ArchiveQuery since;
        since.start = WallTime(std::chrono::seconds(1'605'000'000));
        std::printf(" since %.1f ms\n", worst_page(home, *storage, since, 50, false));
    }
}

TEST_CASE("measure: an inbox of 5,000 conversations" * doctest::skip())
{
    ManualClock clock;
    Log log;
    TemporaryFolder folder;
    const AccountKey juliet { "capulet.example", "juliet" };
    open_at(folder.file("stonechat.db"), clock, log);
    fill(folder.file("stonechat.db"), 5000, 500'000);
    auto backend = open_at(folder.file("stonechat.db"), clock, log);
    QueueExecutor home;
    auto storage = backend->front(home);
    const auto report = [&](const char* what) {
        for (const char* when : { "first", "again" }) {
            auto begin = std::chrono::steady_clock::now();
            const auto all = value(home, storage->inbox().conversations(juliet));
            const double listing = milliseconds_since(begin);
            REQUIRE_EQ(all.size(), 5000);
            std::vector<Jid> peers;
            std::size_t unread = 0;
            for (const Conversation& each : all) {
                unread += each.unread;
                if (peers.size() < 50) {
                    peers.push_back(each.peer);
                }
            }
            begin = std::chrono::steady_clock::now();
            CHECK_EQ(value(home, storage->inbox().newest(juliet, peers)).size(), 50);
            std::printf("%s, %s: conversations %.1f ms, newest 50 messages %.1f ms, unread %zu\n", what, when,
                listing, milliseconds_since(begin), unread);
        }
    };
    report("nothing is read");
    std::vector<InboxStore::ReadPosition> positions;
    for (const Conversation& each : value(home, storage->inbox().conversations(juliet))) {
        positions.push_back({ each.peer, positions.size() % 50 == 0 ? each.newest - 1 : each.newest });
    }
    value(home, storage->inbox().set_read(juliet, std::move(positions)));
    report("all but 100 are read");
}

TEST_CASE("measure: messages for both archives and two sessions" * doctest::skip())
{
    for (const std::size_t batch : { std::size_t(1), std::size_t(16), std::size_t(128) }) {
        SystemClock clock;
        Log log;
        TemporaryFolder folder;
        auto backend = open_at(folder.file("stonechat.db"), clock, log);
        QueueExecutor home;
        auto storage = backend->front(home);
        constexpr int users = 1000;
        std::vector<AccountKey> keys;
        std::vector<Jid> jids;
        std::vector<std::uint64_t> streams;
        for (int i = 0; i < users; ++i) {
            keys.push_back({ "capulet.example", "user" + std::to_string(i) });
            jids.push_back(*Jid::parse(keys.back().user + "@capulet.example"));
            StreamRecord record;
            record.token = "token" + std::to_string(i);
            record.owner = keys.back();
            streams.push_back(value(home, storage->streams().create(record)));
        }
        const std::size_t total = batch == 1 ? 3000 : 60'000;
        std::mt19937 random(1);
        std::vector<std::uint64_t> sequences(users);
        for (const bool acknowledge : { false, true }) {
            std::size_t answered = 0;
            const auto begin = std::chrono::steady_clock::now();
            const auto cpu = cpu_seconds();
            for (std::size_t i = 0; i < total; i += batch) {
                std::vector<StreamNote> notes;
                for (std::size_t j = 0; j < batch; ++j) {
                    const auto from = random() % users;
                    const auto to = (from + 1 + random() % 20) % users;
                    MessageToStore message;
                    message.stamp = clock.wall();
                    message.xml = stanza(static_cast<int>(i + j));
                    message.archives = { { keys[from], jids[to], true }, { keys[to], jids[from], false } };
                    message.unacked_entries = { { streams[to], ++sequences[to], CopyForm::itself },
                        { streams[from], ++sequences[from], CopyForm::carbon_sent } };
                    storage->messages().accept(std::move(message)).then([&answered](auto receipt) {
                        CHECK(receipt.has_value());
                        ++answered;
                    });
                    for (const auto at : { from, to }) {
                        auto& note = notes.emplace_back();
                        note.row = streams[at];
                        note.handled = static_cast<std::uint32_t>(i);
                        note.acknowledged = sequences[at];
                    }
                }
                home.run_until([&]() { return answered == i + batch; });
                if (acknowledge) {
                    value(home, storage->streams().note(std::move(notes)));
                }
            }
            const auto spent = (cpu_seconds() - cpu) * 1e6 / static_cast<double>(total);
            const auto commits = backend->load().commits;
            std::printf("batches of %zu%s: %.1f us CPU and %.1f us per message, %llu commits\n", batch,
                acknowledge ? ", acknowledged" : "", spent,
                milliseconds_since(begin) * 1e3 / static_cast<double>(total),
                static_cast<unsigned long long>(commits));
        }
    }
}

TEST_CASE("measure: items of nodes" * doctest::skip())
{
    SystemClock clock;
    Log log;
    TemporaryFolder folder;
    auto backend = open_at(folder.file("stonechat.db"), clock, log);
    QueueExecutor home;
    auto storage = backend->front(home);
    const auto report = [](const char* what, std::chrono::steady_clock::time_point begin) {
        std::printf("%s: %.1f ms\n", what, milliseconds_since(begin));
    };
    const auto publish = [&](const AccountKey& key, const std::string& node, int number) {
        NodeStore::Publication publication;
        publication.node = node;
        publication.create.emplace();
        publication.items.resize(1);
        publication.items[0].id = std::to_string(number);
        publication.items[0].payload = stanza(number);
        publication.keep_items = 10'000;
        publication.limits.bytes = 100'000'000;
        return storage->nodes().publish(key, std::move(publication));
    };
    const AccountKey juliet { "capulet.example", "juliet" };
    for (int thousand = 0; thousand < 12; ++thousand) {
        const auto begin = std::chrono::steady_clock::now();
        for (int i = 0; i < 1000; ++i) {
            value(home, publish(juliet, "marks", thousand * 1000 + i));
        }
        report("1000 publications in one node, one after another", begin);
    }
    for (const auto order : { NodeStore::ItemOrder::modified, NodeStore::ItemOrder::created }) {
        NodeStore::ItemQuery query;
        query.order = order;
        query.max = 50;
        query.after = "7000";
        const auto begin = std::chrono::steady_clock::now();
        CHECK_EQ(value(home, storage->nodes().items(juliet, "marks", query)).items.size(), 50);
        report("a page of 50 in the middle", begin);
    }

    NodeStore::LastItemsQuery query { *Jid::parse("romeo@montague.example"), {}, { "a", "b", "c" },
        "blocking" };
    for (int i = 0; i < 200; ++i) {
        query.accounts.push_back({ "capulet.example", "user" + std::to_string(i) });
        RosterRecord record;
        record.contact = query.reader;
        record.subscription = SubscriptionState::both;
        storage->rosters().put(query.accounts.back(), record, 1);
        for (const auto& node : query.nodes) {
            storage->keyval().set(query.accounts.back(), "blocking", node + "@example.org", "");
            publish(query.accounts.back(), node, 1);
            value(home, publish(query.accounts.back(), node, 2));
        }
    }
    for (int i = 0; i < 3; ++i) {
        const auto begin = std::chrono::steady_clock::now();
        CHECK_EQ(value(home, storage->nodes().last_items(query)).size(), 600);
        report("last items of 200 accounts", begin);
    }
    const auto begin = std::chrono::steady_clock::now();
    value(home, storage->nodes().purge(juliet, "marks"));
    report("10,000 items purged", begin);
}
