// SPDX-License-Identifier: Apache-2.0
// How archived messages are found, counted, replaced and removed. The same cases in memory and in SQLite.
#include "messages.hpp"

#include <random>

using namespace stonechat;
using namespace stonechat::test;

TEST_CASE_TEMPLATE("archive: pages from either end (XEP-0059)", Where, InMemory, InSqlite, InSqliteFiling)
{
    Messages<Where> at;
    Ids all;
    for (int i = 0; i < 7; ++i) {
        all.push_back(at.into_archive_of(juliet, i % 2 == 0 ? romeo_bare : nurse_bare));
    }
    const auto check = [&at](const ArchiveQuery& query, const Ids& expected, bool complete,
                           std::optional<std::size_t> index) {
        const auto page = at.page(juliet, query);
        REQUIRE(page.has_value());
        Ids found;
        for (const auto& message : page->messages) {
            found.push_back(message.id);
        }
        CHECK_EQ(found, expected);
        CHECK_EQ(page->complete, complete);
        CHECK_EQ(page->count, 7);
        CHECK_EQ(page->first_index, index);
    };
    ArchiveQuery query;
    query.limit = 3;
    check(query, { all[0], all[1], all[2] }, false, 0);
    query.page_after = all[2];
    check(query, { all[3], all[4], all[5] }, false, 3);
    query.page_after = all[3];
    check(query, { all[4], all[5], all[6] }, true, 4);
    query.page_after = all[6];
    check(query, {}, true, std::nullopt);

    query.page_after.reset();
    query.from_the_end = true;
    check(query, { all[4], all[5], all[6] }, false, 4);
    query.page_before = all[4];
    check(query, { all[1], all[2], all[3] }, false, 1);
    query.page_before = all[3];
    check(query, { all[0], all[1], all[2] }, true, 0);
    query.limit = 0;
    check(query, {}, false, std::nullopt);
    query.page_before = all[0];
    check(query, {}, true, std::nullopt);
}

TEST_CASE_TEMPLATE("archive: an id that is not in the archive gives nothing (XEP-0313)", Where, InMemory,
    InSqlite, InSqliteFiling)
{
    Messages<Where> at;
    const auto mine = at.into_archive_of(juliet, romeo_bare);
    const auto other = at.into_archive_of(nurse, romeo_bare);
    for (const auto unknown : { other, MessageId(0), MessageId(17), MessageId(UINT64_MAX) }) {
        for (const auto member : { &ArchiveQuery::after_id, &ArchiveQuery::before_id,
                 &ArchiveQuery::page_after, &ArchiveQuery::page_before }) {
            ArchiveQuery query;
            query.*member = unknown;
            CHECK_FALSE(at.page(juliet, query).has_value());
            CHECK_FALSE(at.page(romeo, query).has_value());
        }
        ArchiveQuery query;
        query.ids = { mine, unknown };
        CHECK_FALSE(at.page(juliet, query).has_value());
    }
    ArchiveQuery query;
    query.ids = { mine, mine };
    CHECK_EQ(at.ids(juliet, query), Ids { mine });
    CHECK(at.page(romeo)->complete);
    CHECK_EQ(at.page(romeo)->count, 0);
}

TEST_CASE_TEMPLATE("archive: a full address finds one resource, a bare one all of them", Where, InMemory,
    InSqlite, InSqliteFiling)
{
    Messages<Where> at;
    const auto orchard = at.into_archive_of(juliet, romeo_orchard);
    const auto bare = at.into_archive_of(juliet, romeo_bare);
    const auto street = at.into_archive_of(juliet, *Jid::parse("romeo@montague.example/street"));
    ArchiveQuery query;
    query.with = romeo_bare;
    CHECK_EQ(at.ids(juliet, query), Ids { orchard, bare, street });
    query.with = romeo_orchard;
    CHECK_EQ(at.ids(juliet, query), Ids { orchard });
    query.with = *Jid::parse("romeo@montague.example/balcony");
    CHECK(at.ids(juliet, query).empty());
    query.with = *Jid::parse("montague.example");
    CHECK(at.ids(juliet, query).empty());
}

TEST_CASE_TEMPLATE("archive: start and end are those of the stamps, whatever the numbers say", Where,
    InMemory, InSqlite, InSqliteFiling)
{
    Messages<Where> at;
    const auto begin = at.clock.wall();
    const auto put = [&at](WallTime stamp) {
        auto message = at.make(chat("x"));
        message.stamp = stamp;
        message.archives = { entry(juliet, romeo_bare) };
        return at.accept(std::move(message)).id;
    };
    const auto a = put(begin);
    at.clock.advance(10s);
    const auto late = put(begin + 1s);   // took nine seconds to be stored
    const auto early = put(begin + 60s); // another clock
    at.clock.advance(10s);
    const auto d = put(begin + 20s);

    const auto between = [&](WallTime start, WallTime end) {
        ArchiveQuery query;
        query.start = start;
        query.end = end;
        return at.ids(juliet, query);
    };
    CHECK_EQ(between(begin, begin + 60s), Ids { a, late, early, d });
    CHECK_EQ(between(begin, begin), Ids { a });
    CHECK_EQ(between(begin + 1s, begin + 1s), Ids { late });
    CHECK_EQ(between(begin + 2s, begin + 19s), Ids {});
    CHECK_EQ(between(begin + 20s, begin + 59s), Ids { d });
    CHECK_EQ(between(begin + 21s, begin + 60s), Ids { early });
    CHECK_EQ(between(WallTime::min(), WallTime::max()), Ids { a, late, early, d });
    CHECK_EQ(between(begin + 60s, begin), Ids {});
}

TEST_CASE_TEMPLATE("archive: its ends are the oldest and the newest message", Where, InMemory, InSqlite,
    InSqliteFiling)
{
    Messages<Where> at;
    CHECK_FALSE(value(at.home, at.archive().ends(juliet)).oldest.has_value());
    const auto first = at.into_archive_of(juliet, romeo_bare);
    const auto first_time = at.clock.wall();
    at.clock.advance(1min);
    at.into_archive_of(juliet, nurse_bare);
    const auto last = at.into_archive_of(juliet, *Jid::parse("room@muc.example"));
    at.into_archive_of(nurse, romeo_bare);
    const auto ends = value(at.home, at.archive().ends(juliet));
    REQUIRE(ends.oldest.has_value());
    REQUIRE(ends.newest.has_value());
    CHECK_EQ(ends.oldest->id, first);
    CHECK(ends.oldest->stamp == first_time);
    CHECK_EQ(ends.newest->id, last);
    CHECK(ends.newest->stamp == at.clock.wall());
}

TEST_CASE_TEMPLATE("archive: a search finds messages that have all the words, of their owners only", Where,
    InMemory, InSqlite, InSqliteFiling)
{
    Messages<Where> at;
    const auto rose = at.romeo_to_juliet(chat("A rose by any other name"));
    const auto thorn = at.romeo_to_juliet(chat("A rose has a thorn"));
    at.into_archive_of(nurse, romeo_bare, chat("a rose for the nurse"));
    CHECK(at.search(juliet, "rose").empty()); // not indexed yet
    at.index();
    CHECK_EQ(at.search(juliet, "rose"), Ids { rose, thorn });
    CHECK_EQ(at.search(romeo, "ROSE"), Ids { rose, thorn });
    CHECK_EQ(at.search(juliet, "thorn rose"), Ids { thorn });
    CHECK_EQ(at.search(juliet, "other ros"), Ids { rose });
    CHECK(at.search(juliet, "thor rose").empty()); // only the last word may be a beginning
    CHECK(at.search(juliet, "nurse").empty());
    CHECK(at.search(nurse, "rose").empty());     // it was not said to be searchable
    CHECK(at.search(juliet, "message").empty()); // that is not in the body

    ArchiveQuery query;
    query.text = "rose";
    query.with = romeo_bare;
    query.limit = 1;
    const auto first = at.page(juliet, query);
    REQUIRE(first.has_value());
    CHECK_EQ(first->messages.size(), 1);
    CHECK_FALSE(first->complete);
    query.page_after = rose;
    CHECK(at.page(juliet, query)->complete);
    query.page_after.reset();
    query.with = nurse_bare;
    CHECK(at.ids(juliet, query).empty());
}

// XEP-0431 §3.2-1
TEST_CASE_TEMPLATE("archive: a search finds words of every script", Where, InMemory, InSqlite)
{
    Messages<Where> at;
    const auto street = at.romeo_to_juliet(chat("Die Stra\xc3\x9f"
                                                "e nach Z\xc3\xbcrich"));
    const auto tokyo = at.romeo_to_juliet(chat("明日は東京都庁で会いましょう。"));
    const auto beijing = at.romeo_to_juliet(chat("我们明天在北京见面"));
    const auto party = at.romeo_to_juliet(chat("Gewonnen 🎉 🎉"));
    at.index();
    for (const auto* text : { "strasse", "STRASSE",
             "Stra\xc3\x9f"
             "e",
             "strass", "zurich", "Z\xc3\x9cRICH" }) {
        INFO(text);
        CHECK_EQ(at.search(juliet, text), Ids { street });
    }
    for (const auto* text : { "東京", "京都", "都庁", "東京都庁", "会い", "庁", "東", "ましょう" }) {
        INFO(text);
        CHECK_EQ(at.search(juliet, text), Ids { tokyo });
    }
    CHECK_EQ(at.search(juliet, "北京"), Ids { beijing });
    CHECK_EQ(at.search(juliet, "明"), Ids { tokyo, beijing });
    CHECK_EQ(at.search(juliet, "京 庁"), Ids { tokyo });
    CHECK_EQ(at.search(juliet, "🎉"), Ids { party });
    CHECK_EQ(at.search(juliet, "🎉 gewonnen"), Ids { party });
    for (const auto* text : { "京東", "東都", "😀", "rich" }) {
        INFO(text);
        CHECK(at.search(juliet, text).empty());
    }
}

TEST_CASE_TEMPLATE("archive: what is searched for is words and never a language", Where, InMemory, InSqlite,
    InSqliteFiling)
{
    Messages<Where> at;
    const auto mine = at.romeo_to_juliet(chat("say \"NEAR\" or not, o1 rose-bud"));
    auto secret = at.make(chat("their secret"));
    secret.searchable = true;
    secret.archives = { entry(nurse, romeo_bare) };
    at.accept(std::move(secret));
    at.index();
    CHECK_EQ(at.search(juliet, "\"near\""), Ids { mine });
    CHECK_EQ(at.search(juliet, "rose-bud"), Ids { mine });
    CHECK_EQ(at.search(juliet, "not or near"), Ids { mine });
    for (const auto* text : { "secret", "\" OR secret", "x\" OR body:\"secret", "* OR secret", "body:secret",
             "owners:o1", "NOT zzz", "rose NOT bud OR secret", "NEAR(their secret)", "^", "\"", "'", "-",
             "()", "*", "{body}:x", "secret\" OR \"secret", "; DROP TABLE message" }) {
        INFO(text);
        CHECK(at.search(juliet, text).empty());
    }
    CHECK(at.search(juliet, "\xe2\x80\x94").empty()); // a dash is no word
    CHECK(at.search(juliet, "\xe2\x80\x94 \xf0\x9f\x8c\xb9").empty());
    std::string many;
    for (int i = 0; i < 5000; ++i) {
        many += "word ";
    }
    CHECK(at.search(juliet, many).empty());
}

TEST_CASE_TEMPLATE("archive: a ciphertext is not searchable, nor what was retracted or removed", Where,
    InMemory, InSqlite, InSqliteFiling)
{
    Messages<Where> at;
    at.romeo_to_juliet(chat("this message is encrypted"), false);
    const auto retracted = at.romeo_to_juliet(chat("foolish words"));
    const auto kept = at.romeo_to_juliet(chat("wise words"));
    at.index();
    CHECK(at.search(juliet, "encrypted").empty());
    CHECK_EQ(at.search(juliet, "words"), Ids { retracted, kept });
    CHECK(value(at.home, at.archive().replace(romeo, retracted, "<message><retracted/></message>")));
    CHECK(at.search(juliet, "foolish").empty());
    CHECK_EQ(at.search(juliet, "words"), Ids { kept });
    value(at.home, at.archive().remove(juliet, std::nullopt));
    CHECK(at.search(juliet, "words").empty());
    CHECK_EQ(at.search(romeo, "words"), Ids { kept });
    value(at.home, at.archive().remove(romeo, std::nullopt));
    CHECK(at.search(romeo, "words").empty());
    at.index();
    const auto again = at.romeo_to_juliet(chat("new words"));
    at.index();
    CHECK_EQ(at.search(romeo, "words"), Ids { again });
}

TEST_CASE_TEMPLATE("archive: a message is replaced for both sides, by who has it only (XEP-0424)", Where,
    InMemory, InSqlite, InSqliteFiling)
{
    Messages<Where> at;
    const auto id = at.romeo_to_juliet(chat("oops"));
    CHECK_FALSE(value(at.home, at.archive().replace(nurse, id, "<message/>")));
    CHECK_FALSE(value(at.home, at.archive().replace(romeo, id + 1, "<message/>")));
    CHECK_EQ(at.page(juliet)->messages[0].xml, chat("oops"));
    CHECK(value(at.home, at.archive().replace(romeo, id, "<message><retracted/></message>")));
    CHECK_EQ(at.page(juliet)->messages[0].xml, "<message><retracted/></message>");
    CHECK_EQ(at.page(romeo)->messages[0].xml, "<message><retracted/></message>");
    at.index();
    CHECK(at.search(juliet, "oops").empty());
}

TEST_CASE_TEMPLATE("archive: a message is found by the id that its sender gave it", Where, InMemory, InSqlite,
    InSqliteFiling)
{
    Messages<Where> at;
    at.romeo_to_juliet(chat("old", "m1"));
    const auto newer = at.romeo_to_juliet(chat("new", "m1"));
    const auto origin = at.romeo_to_juliet(
        "<message xmlns='jabber:client' id='z'><origin-id xmlns='urn:xmpp:sid:0' id='a&amp;b'/></message>");
    const auto find = [&at](const AccountKey& owner, const Jid& peer, bool outgoing, const std::string& id) {
        const auto found = value(at.home, at.archive().find(owner, peer, outgoing, id));
        return found ? found->id : 0;
    };
    CHECK_EQ(find(juliet, romeo_bare, false, "m1"), newer);
    CHECK_EQ(find(romeo, juliet_bare, true, "m1"), newer);
    CHECK_EQ(find(juliet, romeo_bare, false, "a&b"), origin);
    CHECK_EQ(find(juliet, romeo_bare, true, "m1"), 0);
    CHECK_EQ(find(juliet, nurse_bare, false, "m1"), 0);
    CHECK_EQ(find(nurse, romeo_bare, false, "m1"), 0);
    CHECK_EQ(find(juliet, romeo_bare, false, "new"), 0);
    CHECK_EQ(find(juliet, romeo_bare, false, "m"), 0);
}

TEST_CASE_TEMPLATE("archive: removing one's own history leaves the other side's", Where, InMemory, InSqlite,
    InSqliteFiling)
{
    Messages<Where> at;
    Ids theirs;
    for (int i = 0; i < 450; ++i) { // more than one step
        theirs.push_back(at.romeo_to_juliet(chat(std::to_string(i))));
    }
    const auto nurses = at.into_archive_of(juliet, nurse_bare);
    value(at.home, at.archive().remove(juliet, romeo_bare));
    CHECK_EQ(at.ids(juliet), Ids { nurses });
    CHECK_EQ(at.ids(romeo), theirs);
    value(at.home, at.archive().remove(romeo, std::nullopt));
    CHECK(at.ids(romeo).empty());
    CHECK_EQ(at.ids(juliet), Ids { nurses });
    const auto next = at.romeo_to_juliet(chat("again"));
    CHECK_EQ(at.ids(juliet), Ids { nurses, next });
    CHECK_EQ(at.ids(romeo), Ids { next });
}

TEST_CASE_TEMPLATE("archive: its size is that of the stanzas in it, whatever happens to them", Where,
    InMemory, InSqlite, InSqliteFiling)
{
    Messages<Where> at;
    const auto size = [&at](const AccountKey& owner) { return value(at.home, at.archive().size(owner)); };
    const auto sum = [&at](const AccountKey& owner) {
        ArchiveQuery query;
        query.limit = 1000;
        std::uint64_t bytes = 0;
        const auto page = at.page(owner, query);
        for (const auto& message : page->messages) {
            bytes += message.xml.size();
        }
        return bytes;
    };
    const auto check = [&] {
        for (const auto& owner : { juliet, romeo, nurse }) {
            CAPTURE(owner.user);
            CHECK_EQ(size(owner), sum(owner));
        }
    };
    check();
    Ids shared;
    for (std::size_t i = 0; i < 40; ++i) {
        shared.push_back(at.romeo_to_juliet(chat(std::string(i * 7, 'x'))));
        at.into_archive_of(juliet, nurse_bare, chat(std::string(i, 'y')));
        check();
        if (i % 3 == 0) {
            value(at.home, at.archive().replace(romeo, shared[i / 2], "<message><retracted/></message>"));
            check();
        }
    }
    value(at.home, at.archive().remove(romeo, std::nullopt));
    check();
    // Only juliet has it still.
    value(at.home, at.archive().replace(juliet, shared.back(), chat(std::string(500, 'z'))));
    check();
    CHECK_GT(size(juliet), 500);
    CHECK_EQ(size(romeo), 0);
    value(at.home, at.archive().remove(juliet, nurse_bare));
    check();
    at.clock.advance(std::chrono::hours(49));
    at.expire("capulet.example", days(1));
    at.expire("capulet.example", days(1));
    check();
    CHECK_EQ(size(juliet), 0);
}

TEST_CASE_TEMPLATE("archive: when it is trimmed the oldest go, of all conversations, and nobody else's",
    Where, InMemory, InSqlite, InSqliteFiling)
{
    Messages<Where> at;
    Ids all;
    for (int i = 0; i < 450; ++i) { // more than one step
        at.clock.advance(1ms);
        all.push_back(i % 3 == 0 ? at.into_archive_of(juliet, nurse_bare, chat("1234"))
                                 : at.romeo_to_juliet(chat("1234")));
    }
    const auto of_romeo = at.ids(romeo);
    const std::uint64_t each = chat("1234").size();
    const auto trim = [&at](std::uint64_t bytes) { return value(at.home, at.archive().trim(juliet, bytes)); };
    CHECK_EQ(trim(450 * each), 450 * each);
    CHECK_EQ(at.ids(juliet), all);
    CHECK_EQ(trim(450 * each - 1), 449 * each);
    CHECK_EQ(at.ids(juliet), Ids(all.begin() + 1, all.end()));
    CHECK_EQ(trim(20 * each + 5), 20 * each);
    CHECK_EQ(at.ids(juliet), Ids(all.end() - 20, all.end()));
    CHECK_EQ(value(at.home, at.archive().size(juliet)), 20 * each);
    CHECK_EQ(at.ids(romeo), of_romeo);
    all.push_back(at.romeo_to_juliet(chat("next")));
    CHECK_EQ(at.ids(juliet), Ids(all.end() - 21, all.end()));
    CHECK_EQ(trim(0), 0);
    CHECK(at.ids(juliet).empty());
    CHECK_EQ(value(at.home, at.archive().trim(nurse, 0)), 0);
}

TEST_CASE_TEMPLATE("expiry: the conversation's choice goes before the account's, and that before the host's",
    Where, InMemory, InSqlite, InSqliteFiling)
{
    Messages<Where> at;
    const auto put_all = [&at]() {
        for (const auto& owner : { juliet, nurse, romeo }) {
            at.into_archive_of(owner, *Jid::parse("paris@verona.example"));
            at.into_archive_of(owner, *Jid::parse("tybalt@verona.example"));
        }
    };
    put_all();
    auto& archive = at.archive();
    const auto paris = *Jid::parse("paris@verona.example");
    const Retention for_ever;
    value(at.home, archive.set_retention(juliet, std::nullopt, days(30)));
    value(at.home, archive.set_retention(juliet, *Jid::parse("paris@verona.example/any"), for_ever));
    value(at.home, archive.set_retention(nurse, paris, days(0)));
    const auto choices = value(at.home, archive.retention(juliet));
    CHECK(choices.everything == days(30));
    REQUIRE_EQ(choices.conversations.size(), 1);
    CHECK(choices.conversations[0].first == paris);
    CHECK(choices.conversations[0].second == for_ever);
    CHECK_FALSE(value(at.home, archive.retention(romeo)).everything.has_value());

    at.clock.advance(24h * 8);
    CHECK_EQ(at.expire(juliet.host, for_ever), 1); // nurse with paris
    CHECK_EQ(at.expire(juliet.host, days(7)), 1);  // nurse with tybalt
    CHECK(at.ids(nurse).empty());
    CHECK_EQ(at.ids(juliet).size(), 2);
    CHECK_EQ(at.ids(romeo).size(), 2);
    at.clock.advance(24h * 30);
    put_all();
    CHECK_EQ(at.expire(juliet.host, for_ever), 1 + 0); // juliet with tybalt; the rest is new
    CHECK_EQ(at.ids(juliet).size(), 3);

    value(at.home, archive.set_retention(juliet, paris, std::nullopt));
    CHECK(value(at.home, archive.retention(juliet)).conversations.empty());
    CHECK_EQ(at.expire(juliet.host, for_ever), 1);
    CHECK_EQ(at.ids(juliet).size(), 2);
}

TEST_CASE_TEMPLATE("expiry: takes as many as it is told, and goes on where it was", Where, InMemory, InSqlite,
    InSqliteFiling)
{
    Messages<Where> at;
    for (int i = 0; i < 30; ++i) {
        at.into_archive_of(juliet, *Jid::parse("peer" + std::to_string(i % 4) + "@example.org"));
    }
    at.clock.advance(24h * 2);
    const auto kept = at.into_archive_of(juliet, romeo_bare);
    CHECK_EQ(at.expire(juliet.host, days(1), 12), 12);
    CHECK_EQ(at.ids(juliet).size(), 19);
    CHECK_EQ(at.expire(juliet.host, days(1), 12), 12);
    CHECK_EQ(at.expire(juliet.host, days(1), 12), 6);
    CHECK_EQ(at.expire(juliet.host, days(1), 12), 0);
    CHECK_EQ(at.ids(juliet), Ids { kept });
}

TEST_CASE_TEMPLATE("archive: pages in SQLite are those of the plain model, for any query", Where, InSqlite,
    InSqliteFiling)
{
    std::mt19937 random(20260728);
    const auto below = [&random](std::size_t n) { return static_cast<std::size_t>(random() % n); };
    for (int round = 0; round < 6; ++round) {
        Messages<InMemory> model;
        Messages<Where> at;
        const std::vector<Jid> peers { romeo_bare, romeo_orchard,
            *Jid::parse("romeo@montague.example/street"), nurse_bare,
            *Jid::parse("room@muc.example/thirdwitch"), juliet_bare };
        const std::vector<std::string> words { "rose", "thorn", "night", "ros", "moon" };
        Ids ids;
        const auto both = [&](auto f) {
            f(model);
            f(at);
        };
        for (int i = 0; i < 120; ++i) {
            const auto step = std::chrono::milliseconds(below(4) == 0 ? 0 : below(3000));
            const auto back = below(15) == 0;
            const auto stamp_off = std::chrono::milliseconds(below(5) == 0 ? below(8000) : 0);
            const auto& peer = peers[below(peers.size())];
            const auto& other = peers[below(peers.size())];
            const auto sides = below(3);
            const auto body = words[below(5)] + " " + words[below(5)];
            const bool searchable = below(4) != 0;
            both([&](auto& backend) {
                backend.clock.advance(back ? -std::chrono::milliseconds(4000) : step);
                auto message = backend.make(chat(body));
                message.stamp -= stamp_off;
                message.searchable = searchable;
                if (sides != 1) {
                    message.archives.push_back(entry(juliet, peer, true));
                }
                if (sides != 0) {
                    message.archives.push_back(entry(sides == 1 ? nurse : romeo, other));
                }
                const auto id = backend.accept(std::move(message)).id;
                if (ids.empty() || ids.back() != id) {
                    ids.push_back(id);
                }
            });
            if (below(10) == 0) {
                both([&](auto& backend) {
                    const auto receipt = backend.accept_both(backend.got_by_juliet(),
                        backend.sent_by_romeo());
                    if (ids.back() < receipt.id) {
                        ids.push_back(receipt.id);
                        ids.push_back(receipt.sent_id);
                    }
                });
            }
            if (below(20) == 0) {
                const auto replaced = ids[below(ids.size())];
                both([&](auto& backend) {
                    value(backend.home, backend.archive().replace(juliet, replaced, chat("gone", "tomb")));
                });
            }
            if (i % 30 == 29 && round % 2 == 1) {
                both([&](auto& backend) {
                    value(backend.home, backend.archive().remove(i == 59 ? romeo : juliet, peer));
                });
            }
            if (below(8) == 0) {
                both([](auto& backend) { backend.index(); });
            }
            for (const auto& owner : { juliet, romeo }) {
                REQUIRE_EQ(at.ids(owner), model.ids(owner));
            }
        }
        REQUIRE_GE(ids.size(), 120);
        both([](auto& backend) { backend.index(); });
        const auto end = at.clock.wall();
        const auto id = [&]() { return ids[below(ids.size())]; };
        std::size_t found = 0;
        for (int i = 0; i < 1500; ++i) {
            ArchiveQuery query;
            if (below(3) == 0) {
                query.with = peers[below(peers.size())];
            }
            if (below(3) == 0) {
                query.start = end - std::chrono::milliseconds(below(200'000));
            }
            if (below(3) == 0) {
                query.end = end - std::chrono::milliseconds(below(200'000));
            }
            if (below(8) == 0) {
                query.after_id = id();
            }
            if (below(8) == 0) {
                query.before_id = id();
            }
            if (below(10) == 0) {
                query.ids = { id(), id(), id() };
            }
            if (below(4) == 0) {
                query.text = words[below(5)];
            }
            if (below(5) == 0) {
                query.page_after = id();
            }
            if (below(5) == 0) {
                query.page_before = id();
            }
            query.from_the_end = below(2) == 0;
            query.limit = below(12);
            const auto owner = below(4) == 0 ? romeo : below(4) == 0 ? nurse : juliet;
            const auto expected = model.page(owner, query);
            const auto actual = at.page(owner, query);
            REQUIRE_EQ(actual.has_value(), expected.has_value());
            if (!expected) {
                continue;
            }
            REQUIRE_EQ(actual->messages.size(), expected->messages.size());
            for (std::size_t j = 0; j < actual->messages.size(); ++j) {
                REQUIRE_EQ(actual->messages[j].id, expected->messages[j].id);
                REQUIRE(actual->messages[j].stamp == expected->messages[j].stamp);
            }
            REQUIRE_EQ(actual->complete, expected->complete);
            REQUIRE_EQ(actual->count, expected->count);
            REQUIRE_EQ(actual->first_index, expected->first_index);
            found += actual->messages.size();
        }
        CHECK_GT(found, 500);
    }
}
