// SPDX-License-Identifier: Apache-2.0
// Messages: how they are taken in, archived, found, removed, and kept for sessions that can be
// resumed. The same cases in memory and in SQLite.
#include "backends.hpp"
#include "storage/sqlite/connection.hpp"

#include <algorithm>
#include <map>
#include <random>

using namespace stonechat;
using namespace stonechat::test;

namespace {

using namespace std::chrono_literals;

using Ids = std::vector<MessageId>;
using Texts = std::vector<std::string>;
using Rows = std::vector<std::uint64_t>;

const Jid juliet_bare = *Jid::parse("juliet@capulet.example");
const Jid romeo_bare = *Jid::parse("romeo@montague.example");
const Jid romeo_orchard = *Jid::parse("romeo@montague.example/orchard");
const Jid nurse_bare = *Jid::parse("nurse@capulet.example");
const Jid veiled = *Jid::parse("veil@rooms.example/masked");

std::string chat(const std::string& body, const std::string& id = "x")
{
    return "<message xmlns='jabber:client' from='romeo@montague.example/orchard' id='" + id + "'><body>"
        + body + "</body></message>";
}

ArchiveEntry entry(const AccountKey& owner, const Jid& peer, bool outgoing = false)
{
    return { owner, peer, outgoing };
}

template <class Where> struct Messages : Opened<Where> {
    MessageToStore make(std::string xml)
    {
        MessageToStore message;
        message.stamp = Where::clock.wall();
        message.xml = std::move(xml);
        return message;
    }
    MessageReceipt accept(MessageToStore message)
    {
        return value(this->home, this->messages().accept(std::move(message)));
    }
    /// Into both archives.
    MessageId romeo_to_juliet(std::string xml, bool searchable = true)
    {
        auto message = make(std::move(xml));
        message.searchable = searchable;
        message.archives = { entry(romeo, juliet_bare, true), entry(juliet, romeo_orchard) };
        return accept(std::move(message)).id;
    }
    /// Somebody has rewritten it on its way.
    MessageToStore sent_by_romeo()
    {
        auto sent = make(chat("as sent"));
        sent.archives = { entry(romeo, nurse_bare, true) };
        sent.searchable = true;
        return sent;
    }
    MessageToStore got_by_juliet()
    {
        auto received = make(chat("as received"));
        received.archives = { entry(juliet, veiled) };
        received.searchable = true;
        return received;
    }
    MessageReceipt accept_both(MessageToStore received, MessageToStore sent)
    {
        return value(this->home, this->messages().accept_both(std::move(received), std::move(sent)));
    }

    MessageId into_archive_of(const AccountKey& owner, const Jid& peer, std::string xml = chat("x"))
    {
        auto message = make(std::move(xml));
        message.archives = { entry(owner, peer) };
        return accept(std::move(message)).id;
    }

    /// Nobody was there to take it.
    MessageId mail_to_juliet(const std::string& body, bool archived)
    {
        auto message = make(chat(body));
        if (archived) {
            message.archives = { entry(romeo, juliet_bare, true), entry(juliet, romeo_orchard) };
        }
        message.mailbox = MailboxEntry { juliet, "romeo@montague.example", MailboxLimits() };
        return accept(std::move(message)).id;
    }

    std::optional<ArchivePage> page(const AccountKey& owner, ArchiveQuery query = {})
    {
        return value(this->home, this->archive().page(owner, std::move(query)));
    }
    Ids ids(const AccountKey& owner, ArchiveQuery query = {})
    {
        query.limit = std::max<std::size_t>(query.limit, 1000);
        Ids ids;
        const auto found = page(owner, std::move(query));
        REQUIRE(found.has_value());
        for (const auto& message : found->messages) {
            ids.push_back(message.id);
        }
        return ids;
    }
    Ids search(const AccountKey& owner, const std::string& text)
    {
        ArchiveQuery query;
        query.text = text;
        return ids(owner, query);
    }
    void index() { value(this->home, this->archive().index(1000)); }
    std::size_t expire(const std::string& host, Retention retention, std::size_t limit = 1000)
    {
        return value(this->home, this->archive().expire(host, retention, Where::clock.wall(), limit));
    }

    std::uint64_t open_stream(const AccountKey& owner, const std::string& token)
    {
        StreamRecord record;
        record.token = token;
        record.owner = owner;
        record.resource = "balcony";
        record.window = 300s;
        record.touched = Where::clock.wall();
        record.state = "<state/>";
        return value(this->home, this->streams().create(record));
    }
    std::optional<StreamBacklog> backlog(const AccountKey& owner, const std::string& token)
    {
        return value(this->home, this->streams().find(owner, token));
    }
    std::vector<std::uint64_t> sequences(const AccountKey& owner, const std::string& token)
    {
        std::vector<std::uint64_t> sequences;
        const auto found = backlog(owner, token);
        REQUIRE(found.has_value());
        for (const auto& unacked : found->unacked) {
            sequences.push_back(unacked.sequence);
        }
        return sequences;
    }
    MessageId keep_unacked(std::uint64_t stream, std::uint64_t sequence, const std::string& xml,
        CopyForm form = CopyForm::itself, bool archived = true)
    {
        auto message = make(xml);
        if (archived) {
            message.archives = { entry(juliet, romeo_orchard) };
        }
        message.unacked_entries = { { stream, sequence, form } };
        return accept(std::move(message)).id;
    }
};

Texts texts(const std::vector<MailboxMessage>& messages)
{
    Texts texts;
    for (const auto& message : messages) {
        texts.push_back(message.xml);
    }
    return texts;
}

Retention days(unsigned days)
{
    return Retention { days };
}

} // namespace

TEST_CASE_TEMPLATE("messages: numbers grow, close to the time, also when the clock is set back", Where,
    InMemory, InSqlite, InSqliteFiling)
{
    Messages<Where> at;
    const auto now = [&at]() { return static_cast<MessageId>(at.clock.wall().time_since_epoch().count()); };
    const auto first = at.into_archive_of(juliet, romeo_bare);
    CHECK_EQ(first, now());
    const auto second = at.into_archive_of(nurse, romeo_bare);
    CHECK_EQ(second, first + 1);
    at.clock.advance(1h);
    const auto third = at.into_archive_of(juliet, romeo_bare);
    CHECK_EQ(third, now());
    at.clock.advance(-2h);
    CHECK_EQ(at.into_archive_of(juliet, romeo_bare), third + 1);
    CHECK_EQ(at.ids(juliet), Ids { first, third, third + 1 });
}

// XEP-0313 §3.2-1
TEST_CASE_TEMPLATE("messages: a number never comes back, also not that of the newest when it is removed",
    Where, InMemory, InSqlite, InSqliteFiling)
{
    Messages<Where> at;
    const auto first = at.into_archive_of(juliet, romeo_bare);
    value(at.home, at.archive().remove(juliet, std::nullopt));
    CHECK_GT(at.into_archive_of(juliet, romeo_bare), first);
    const auto second = at.ids(juliet).front();
    value(at.home, at.accounts().remove(juliet));
    CHECK_GT(at.into_archive_of(nurse, romeo_bare), second);
}

TEST_CASE_TEMPLATE("messages: two forms of one are two messages, and nobody sees the other's", Where,
    InMemory, InSqlite, InSqliteFiling)
{
    Messages<Where> at;
    const auto receipt = at.accept_both(at.got_by_juliet(), at.sent_by_romeo());
    CHECK_NE(receipt.id, receipt.sent_id);
    CHECK_EQ(at.ids(juliet), Ids { receipt.id });
    CHECK_EQ(at.ids(romeo), Ids { receipt.sent_id });
    CHECK_EQ(at.page(juliet)->messages[0].xml, chat("as received"));
    CHECK_EQ(at.page(romeo)->messages[0].xml, chat("as sent"));
    ArchiveQuery query;
    query.with = veiled;
    CHECK_EQ(at.ids(juliet, query), Ids { receipt.id });
    query.with = nurse_bare;
    CHECK_EQ(at.ids(romeo, query), Ids { receipt.sent_id });

    at.index();
    CHECK_EQ(at.search(juliet, "received"), Ids { receipt.id });
    CHECK(at.search(juliet, "sent").empty());
    CHECK_EQ(at.search(romeo, "sent"), Ids { receipt.sent_id });

    CHECK(value(at.home, at.archive().replace(juliet, receipt.id, chat("gone"))));
    CHECK_FALSE(value(at.home, at.archive().replace(juliet, receipt.sent_id, chat("not his"))));
    CHECK_EQ(at.page(romeo)->messages[0].xml, chat("as sent"));
    value(at.home, at.archive().remove(romeo, std::nullopt));
    CHECK_EQ(at.page(juliet)->messages[0].xml, chat("gone"));
}

TEST_CASE_TEMPLATE("messages: queues and mailbox have the form of their own side", Where, InMemory, InSqlite,
    InSqliteFiling)
{
    for (const bool archived : { true, false }) {
        Messages<Where> at;
        const auto hers = at.open_stream(juliet, "hers");
        const auto his = at.open_stream(romeo, "his");
        auto received = at.got_by_juliet();
        auto sent = at.sent_by_romeo();
        if (!archived) {
            received.archives.clear();
            sent.archives.clear();
        }
        received.unacked_entries = { { hers, 1, CopyForm::itself } };
        received.mailbox = MailboxEntry { juliet, "veil@rooms.example", MailboxLimits() };
        sent.unacked_entries = { { his, 1, CopyForm::carbon_sent } };
        const auto receipt = at.accept_both(std::move(received), std::move(sent));
        const auto mine = at.backlog(juliet, "hers")->unacked.at(0);
        const auto theirs = at.backlog(romeo, "his")->unacked.at(0);
        CHECK_EQ(mine.xml, chat("as received"));
        CHECK_EQ(mine.id, receipt.id);
        CHECK_EQ(theirs.xml, chat("as sent"));
        CHECK_EQ(theirs.id, receipt.sent_id);
        const auto mail = value(at.home, at.mailbox().read(juliet, 0, 10));
        REQUIRE_EQ(mail.size(), 1);
        CHECK_EQ(mail[0].xml, chat("as received"));
    }
}

TEST_CASE_TEMPLATE("messages: of two forms neither is there if the mailbox is full", Where, InMemory,
    InSqlite, InSqliteFiling)
{
    Messages<Where> at;
    auto received = at.got_by_juliet();
    MailboxLimits none;
    none.messages = 0;
    received.mailbox = MailboxEntry { juliet, "veil@rooms.example", none };
    const auto receipt = at.accept_both(std::move(received), at.sent_by_romeo());
    CHECK(receipt.mailbox == MailboxAnswer::mailbox_full);
    CHECK(at.ids(juliet).empty());
    CHECK(at.ids(romeo).empty());
}

TEST_CASE_TEMPLATE("messages: to oneself, through somebody who rewrites it, is there as sent and as received",
    Where, InMemory, InSqlite, InSqliteFiling)
{
    Messages<Where> at;
    auto received = at.got_by_juliet();
    received.archives = { entry(romeo, veiled) };
    const auto receipt = at.accept_both(std::move(received), at.sent_by_romeo());
    Ids both { receipt.id, receipt.sent_id };
    std::sort(both.begin(), both.end());
    CHECK_EQ(at.ids(romeo), both);
}

TEST_CASE_TEMPLATE("messages: both archives get it, each under its own peer, and nobody else's", Where,
    InMemory, InSqlite, InSqliteFiling)
{
    Messages<Where> at;
    const auto id = at.romeo_to_juliet(chat("hi"));
    for (const auto& [owner, peer] : { std::pair(juliet, romeo_bare), std::pair(romeo, juliet_bare) }) {
        ArchiveQuery query;
        query.with = peer;
        const auto page = at.page(owner, query);
        REQUIRE(page.has_value());
        REQUIRE_EQ(page->messages.size(), 1);
        CHECK_EQ(page->messages[0].id, id);
        CHECK_EQ(page->messages[0].xml, chat("hi"));
        CHECK(page->messages[0].stamp == at.clock.wall());
        CHECK(page->complete);
        query.with = nurse_bare;
        CHECK(at.ids(owner, query).empty());
    }
    CHECK(at.ids(nurse).empty());
}

TEST_CASE_TEMPLATE("messages: what one sends oneself is in the archive once", Where, InMemory, InSqlite,
    InSqliteFiling)
{
    Messages<Where> at;
    auto message = at.make(chat("note"));
    message.archives = { entry(juliet, juliet_bare, true), entry(juliet, juliet_bare) };
    const auto id = at.accept(std::move(message)).id;
    CHECK_EQ(at.ids(juliet), Ids { id });
    value(at.home, at.archive().remove(juliet, juliet_bare));
    CHECK(at.ids(juliet).empty());
}

TEST_CASE_TEMPLATE("messages: when the mailbox refuses, nothing at all is stored", Where, InMemory, InSqlite,
    InSqliteFiling)
{
    Messages<Where> at;
    const auto stream = at.open_stream(juliet, "token");
    auto message = at.make(chat("one too many"));
    message.archives = { entry(romeo, juliet_bare, true), entry(juliet, romeo_bare) };
    message.unacked_entries = { { stream, 1, CopyForm::carbon_received } };
    MailboxLimits limits;
    limits.messages_per_sender = 1;
    message.mailbox = MailboxEntry { juliet, "romeo@montague.example", limits };
    CHECK(at.accept(message).mailbox == MailboxAnswer::stored);
    message.unacked_entries = { { stream, 2, CopyForm::carbon_received } };
    CHECK(at.accept(message).mailbox == MailboxAnswer::sender_share_full);
    limits.messages_per_sender = 5;
    limits.messages = 1;
    message.mailbox->limits = limits;
    CHECK(at.accept(message).mailbox == MailboxAnswer::mailbox_full);

    CHECK_EQ(at.ids(romeo).size(), 1);
    CHECK_EQ(at.ids(juliet).size(), 1);
    CHECK_EQ(at.mail(juliet).size(), 1);
    CHECK_EQ(at.sequences(juliet, "token"), std::vector<std::uint64_t> { 1 });
}

TEST_CASE_TEMPLATE("mailbox: says what is in the owner's archive, and forgets just that", Where, InMemory,
    InSqlite, InSqliteFiling)
{
    Messages<Where> at;
    const auto put = [&at](const std::string& xml, std::vector<ArchiveEntry> archives) {
        auto message = at.make(xml);
        message.archives = std::move(archives);
        message.mailbox = MailboxEntry { juliet, "romeo@montague.example", MailboxLimits() };
        return at.accept(std::move(message)).id;
    };
    put("nowhere", {});
    const auto both = put("both", { entry(romeo, juliet_bare, true), entry(juliet, romeo_bare) });
    put("only his", { entry(romeo, juliet_bare, true) });

    auto mail = at.mail(juliet);
    CHECK_EQ(texts(mail), Texts { "nowhere", "both", "only his" });
    CHECK_FALSE(mail[0].archived.has_value());
    CHECK_EQ(mail[1].archived, both);
    CHECK_FALSE(mail[2].archived.has_value());

    value(at.home, at.mailbox().remove_archived(juliet, both - 1));
    CHECK_EQ(texts(at.mail(juliet)), Texts { "nowhere", "both", "only his" }); // newer than that
    value(at.home, at.mailbox().remove_archived(juliet, both));
    CHECK_EQ(texts(at.mail(juliet)), Texts { "nowhere", "only his" });
    CHECK_EQ(at.ids(juliet), Ids { both });
    // The limits have been told.
    auto full = at.make("third");
    MailboxLimits limits;
    limits.messages = 3;
    full.mailbox = MailboxEntry { juliet, "romeo@montague.example", limits };
    CHECK(at.accept(full).mailbox == MailboxAnswer::stored);
    CHECK(at.accept(full).mailbox == MailboxAnswer::mailbox_full);
}

TEST_CASE_TEMPLATE("mailbox: keeps what goes from every archive", Where, InMemory, InSqlite, InSqliteFiling)
{
    Messages<Where> at;
    auto message = at.make("wait for me");
    message.archives = { entry(romeo, juliet_bare, true), entry(juliet, romeo_bare) };
    message.mailbox = MailboxEntry { juliet, "romeo@montague.example", MailboxLimits() };
    at.accept(std::move(message));
    value(at.home, at.archive().remove(juliet, romeo_bare));
    CHECK_FALSE(at.mail(juliet)[0].archived.has_value());
    CHECK_EQ(at.ids(romeo).size(), 1);
    at.clock.advance(24h * 10);
    CHECK_EQ(at.expire(romeo.host, days(1)), 1);
    CHECK(at.ids(romeo).empty());
    CHECK_EQ(texts(at.mail(juliet)), Texts { "wait for me" });
}

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

namespace {

/// A sender whose messages may be sent once more.
template <class Where> struct Repeating : Messages<Where> {
    MessageReceipt says(std::uint64_t stream, std::uint64_t key, const Jid& peer = romeo_bare)
    {
        auto message = this->make(chat(std::to_string(key)));
        message.archives = { entry(juliet, peer, true), entry(romeo, juliet_bare) };
        message.origin = Origin { juliet, stream, key };
        return this->accept(std::move(message));
    }
    void ends(std::uint64_t stream, StreamEnd how = StreamEnd::broken)
    {
        value(this->home, this->messages().end_stream(juliet, stream, how));
    }
};

} // namespace

TEST_CASE_TEMPLATE("origin: what came on a stream that has broken is not stored again", Where, InMemory,
    InSqlite, InSqliteFiling)
{
    Repeating<Where> at;
    const auto first = at.says(1, 77);
    CHECK_FALSE(first.is_repeated);
    CHECK_FALSE(at.says(1, 77).is_repeated); // on one stream nothing is
    CHECK_FALSE(at.says(2, 77).is_repeated); // the first is still open
    at.ends(1);
    const auto again = at.says(2, 77);
    CHECK(again.is_repeated);
    CHECK_EQ(at.ids(juliet).size(), 3);
    CHECK_EQ(at.ids(romeo).size(), 3);
    CHECK_FALSE(at.says(2, 78).is_repeated);
    CHECK_FALSE(at.says(2, 77, nurse_bare).is_repeated);
    auto attempt = at.make(chat("77"));
    attempt.archives = { entry(juliet, romeo_bare, true) };
    attempt.origin = Origin { juliet, 2, 77, true };
    CHECK_FALSE(at.accept(std::move(attempt)).is_repeated);
    auto of_another = at.make(chat("77"));
    of_another.archives = { entry(nurse, romeo_bare, true) };
    of_another.origin = Origin { nurse, 9, 77 };
    CHECK_FALSE(at.accept(std::move(of_another)).is_repeated);
}

TEST_CASE_TEMPLATE("origin: what came on one that was closed in good order is stored again, and so is old",
    Where, InMemory, InSqlite, InSqliteFiling)
{
    Repeating<Where> at;
    at.says(1, 77);
    at.ends(1, StreamEnd::in_good_order);
    CHECK_FALSE(at.says(2, 77).is_repeated);
    at.ends(2);
    at.clock.advance(23h);
    CHECK(at.says(3, 77).is_repeated);
    at.clock.advance(1h + 1s);
    CHECK_FALSE(at.says(3, 77).is_repeated);
}

TEST_CASE_TEMPLATE("origin: an end that is noted before its messages are stored counts", Where, InMemory,
    InSqlite, InSqliteFiling)
{
    Repeating<Where> at;
    at.says(9, 1); // there is such a sender
    at.ends(1);
    at.ends(2, StreamEnd::in_good_order);
    at.says(1, 77);
    at.says(2, 78);
    CHECK(at.says(3, 77).is_repeated);
    CHECK_FALSE(at.says(3, 78).is_repeated);
}

TEST_CASE_TEMPLATE("origin: only so many streams are remembered, the newest", Where, InMemory, InSqlite,
    InSqliteFiling)
{
    Repeating<Where> at;
    for (std::uint64_t stream = 1; stream <= sent_streams_remembered + 1; ++stream) {
        at.says(stream, stream);
        at.ends(stream);
        at.clock.advance(1s);
    }
    CHECK_FALSE(at.says(1000, 1).is_repeated); // forgets another
    CHECK_FALSE(at.says(1000, 2).is_repeated);
    CHECK(at.says(1000, 3).is_repeated);
}

TEST_CASE_TEMPLATE("origin: of what was rewritten on its way a repetition is stored in neither form", Where,
    InMemory, InSqlite, InSqliteFiling)
{
    Repeating<Where> at;
    const auto says = [&at](std::uint64_t stream) {
        auto sent = at.sent_by_romeo();
        sent.origin = Origin { romeo, stream, 77 };
        auto received = at.got_by_juliet();
        received.mailbox = MailboxEntry { juliet, "veil@rooms.example", MailboxLimits() };
        return at.accept_both(std::move(received), std::move(sent));
    };
    CHECK_FALSE(says(1).is_repeated);
    value(at.home, at.messages().end_stream(romeo, 1, StreamEnd::broken));
    CHECK(says(2).is_repeated);
    CHECK_EQ(at.ids(romeo).size(), 1);
    CHECK_EQ(at.ids(juliet).size(), 1);
    CHECK_EQ(value(at.home, at.mailbox().count(juliet)), 1);
}

TEST_CASE_TEMPLATE("origin: in a room the sender's streams count", Where, InMemory, InSqlite, InSqliteFiling)
{
    Repeating<Where> at;
    const auto says = [&at](const AccountKey& sender, std::uint64_t stream) {
        auto message = at.make(chat("in a room"));
        message.archives = { entry(nurse, nurse_bare, true) };
        message.origin = Origin { sender, stream, 77 };
        return at.accept(std::move(message));
    };
    const auto first = says(juliet, 1);
    at.ends(1);
    CHECK_FALSE(says(romeo, 2).is_repeated);
    const auto again = says(juliet, 3);
    CHECK(again.is_repeated);
    CHECK_EQ(again.id, first.id);
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

TEST_CASE_TEMPLATE("accounts: removing one takes its archive and its sessions, and leaves the other side's",
    Where, InMemory, InSqlite, InSqliteFiling)
{
    Messages<Where> at;
    value(at.home, at.accounts().create(juliet, {}));
    value(at.home, at.accounts().create(romeo, {}));
    const auto stream = at.open_stream(juliet, "token");
    const auto id = at.romeo_to_juliet(chat("hi"));
    for (int i = 0; i < 300; ++i) { // more than goes at once
        at.into_archive_of(juliet, nurse_bare);
    }
    at.keep_unacked(stream, 1, chat("x"));
    value(at.home, at.archive().set_retention(juliet, std::nullopt, days(1)));
    CHECK(value(at.home, at.accounts().remove(juliet)));
    CHECK(at.ids(juliet).empty());
    CHECK_FALSE(at.backlog(juliet, "token").has_value());
    CHECK_FALSE(value(at.home, at.archive().retention(juliet)).everything.has_value());
    CHECK_EQ(at.ids(romeo), Ids { id });

    value(at.home, at.accounts().create(juliet, {}));
    CHECK(at.ids(juliet).empty());
    CHECK_FALSE(at.backlog(juliet, "token").has_value());
    for (int i = 0; i < 5; ++i) {
        at.expire(juliet.host, Retention(), 1000);
    }
    CHECK(at.ids(juliet).empty());
    const auto next = at.into_archive_of(juliet, nurse_bare);
    CHECK_EQ(at.ids(juliet), Ids { next });
}

TEST_CASE_TEMPLATE("streams: what was kept is found under the token, by its owner only (XEP-0198)", Where,
    InMemory, InSqlite, InSqliteFiling)
{
    Messages<Where> at;
    const auto row = at.open_stream(juliet, std::string("to\0ken", 6));
    const auto other = at.open_stream(nurse, "other");
    CHECK_NE(row, other);
    CHECK_FALSE(at.backlog(romeo, std::string("to\0ken", 6)).has_value());
    CHECK_FALSE(at.backlog(juliet, "to").has_value());
    CHECK_FALSE(at.backlog(juliet, "other").has_value());
    const auto found = at.backlog(juliet, std::string("to\0ken", 6));
    REQUIRE(found.has_value());
    CHECK_EQ(found->record.row, row);
    CHECK_EQ(found->record.token, std::string("to\0ken", 6));
    CHECK(found->record.owner == juliet);
    CHECK_EQ(found->record.resource, "balcony");
    CHECK_EQ(found->record.handled, 0);
    CHECK(found->record.window == 300s);
    CHECK(found->record.touched == at.clock.wall());
    CHECK_EQ(found->record.state, "<state/>");
    CHECK(found->unacked.empty());
}

TEST_CASE_TEMPLATE("streams: unacknowledged messages are kept with their numbers", Where, InMemory, InSqlite,
    InSqliteFiling)
{
    Messages<Where> at;
    const auto row = at.open_stream(juliet, "t");
    const auto first = at.keep_unacked(row, 1, "one");
    const auto second = at.keep_unacked(row, 2, "two", CopyForm::carbon_sent, false);
    const auto backlog = at.backlog(juliet, "t");
    REQUIRE(backlog.has_value());
    REQUIRE_EQ(backlog->unacked.size(), 2);
    CHECK_EQ(backlog->unacked[0].sequence, 1);
    CHECK_EQ(backlog->unacked[0].id, first);
    CHECK(backlog->unacked[0].archived);
    CHECK(backlog->unacked[0].form == CopyForm::itself);
    CHECK_EQ(backlog->unacked[0].xml, "one");
    CHECK(backlog->unacked[0].stamp == at.clock.wall());
    CHECK_EQ(backlog->unacked[1].id, second);
    CHECK_FALSE(backlog->unacked[1].archived);
    CHECK(backlog->unacked[1].form == CopyForm::carbon_sent);
    CHECK_EQ(backlog->unacked[1].xml, "two");
    CHECK(backlog->unacked[1].stamp == at.clock.wall());

    // What is removed from the archive is still to be delivered.
    value(at.home, at.archive().remove(juliet, std::nullopt));
    const auto without = at.backlog(juliet, "t");
    CHECK_EQ(without->unacked[0].xml, "one");
    CHECK(without->unacked[0].stamp == at.clock.wall());
    CHECK_FALSE(without->unacked[0].archived);
    CHECK_EQ(without->unacked[0].id, first);
}

TEST_CASE_TEMPLATE("streams: notes change what they name and forget what was acknowledged", Where, InMemory,
    InSqlite, InSqliteFiling)
{
    Messages<Where> at;
    const auto a = at.open_stream(juliet, "a");
    const auto b = at.open_stream(nurse, "b");
    for (std::uint64_t i = 1; i <= 4; ++i) {
        at.keep_unacked(a, i, "x");
        at.keep_unacked(b, i, "x", CopyForm::itself, false);
    }
    const auto before = at.clock.wall();
    at.clock.advance(1min);
    std::vector<StreamNote> notes(4);
    notes[0].row = a;
    notes[0].handled = UINT32_MAX;
    notes[0].acknowledged = 2;
    notes[1].row = b;
    notes[1].state = std::string("");
    notes[1].touched = at.clock.wall();
    notes[2].row = 4711;
    notes[2].handled = 1;
    notes[2].acknowledged = 100;
    notes[3].row = b;
    notes[3].acknowledged = 4;
    value(at.home, at.streams().note(notes));
    auto found = at.backlog(juliet, "a");
    CHECK_EQ(found->record.handled, UINT32_MAX);
    CHECK(found->record.touched == before);
    CHECK_EQ(found->record.state, "<state/>");
    CHECK_EQ(at.sequences(juliet, "a"), std::vector<std::uint64_t> { 3, 4 });
    found = at.backlog(nurse, "b");
    CHECK_EQ(found->record.handled, 0);
    CHECK(found->record.touched == at.clock.wall());
    CHECK_EQ(found->record.state, "");
    CHECK(found->unacked.empty());
    CHECK_EQ(at.ids(juliet).size(), 4); // the archive does not care
}

TEST_CASE_TEMPLATE("streams: what was not received is numbered anew, gaps are closed", Where, InMemory,
    InSqlite, InSqliteFiling)
{
    Messages<Where> at;
    using Numbers = std::vector<std::uint64_t>;
    const auto row = at.open_stream(juliet, "t");
    for (const auto sequence : { 2, 3, 5, 9, 10 }) {
        at.keep_unacked(row, static_cast<std::uint64_t>(sequence), std::to_string(sequence));
    }
    value(at.home, at.streams().close_gap(juliet, row, 3));
    CHECK_EQ(at.sequences(juliet, "t"), Numbers { 2, 3, 4, 8, 9 });
    value(at.home, at.streams().close_gap(juliet, row, 2)); // there is none
    value(at.home, at.streams().close_gap(nurse, row, 4));  // not hers
    CHECK_EQ(at.sequences(juliet, "t"), Numbers { 2, 3, 4, 8, 9 });
    value(at.home, at.streams().renumber(nurse, row, 9));
    value(at.home, at.streams().renumber(juliet, row, 3));
    CHECK_EQ(at.sequences(juliet, "t"), Numbers { 4, 5, 6 });
    CHECK_EQ(at.backlog(juliet, "t")->unacked[0].xml, "5");
    CHECK_EQ(at.backlog(juliet, "t")->unacked[2].xml, "10");
    value(at.home, at.streams().renumber(juliet, row, 100));
    CHECK(at.sequences(juliet, "t").empty());
}

TEST_CASE_TEMPLATE(
    "mailbox: mail that is handed over is kept with its session, with its stamp and archive id", Where,
    InMemory, InSqlite, InSqliteFiling)
{
    Messages<Where> at;
    const auto stream = at.open_stream(juliet, "t");
    const auto stamp = at.clock.wall();
    const auto archived = at.mail_to_juliet("archived", true);
    at.mail_to_juliet("nowhere", false);
    at.mail_to_juliet("stays", true);
    at.append(nurse, message("romeo@montague.example", "hers"));
    at.clock.advance(1h);
    at.keep_unacked(stream, 1, chat("live"));
    const auto mail = at.mail(juliet);
    const auto hers = at.mail(nurse)[0].row;
    const auto moved = value(at.home,
        at.mailbox().hand_over(juliet,
            { { mail[0].row, { stream, 2 } }, { hers, { stream, 3 } }, { 4711, { stream, 4 } },
                { mail[1].row, { stream, 5 } }, { mail[1].row, { stream, 6 } } }));
    CHECK_EQ(moved, Rows { mail[0].row, mail[1].row });
    CHECK_EQ(texts(at.mail(juliet)), Texts { chat("stays") });
    CHECK_EQ(at.mail(nurse).size(), 1);
    const auto backlog = at.backlog(juliet, "t");
    REQUIRE(backlog.has_value());
    REQUIRE_EQ(backlog->unacked.size(), 3);
    const auto& first = backlog->unacked[1];
    CHECK_EQ(first.sequence, 2);
    CHECK_EQ(first.xml, chat("archived"));
    CHECK_EQ(first.id, archived);
    CHECK(first.archived);
    CHECK(first.stamp == stamp);
    CHECK(first.form == CopyForm::itself);
    const auto& second = backlog->unacked[2];
    CHECK_EQ(second.sequence, 5);
    CHECK_EQ(second.xml, chat("nowhere"));
    CHECK_FALSE(second.archived);
    CHECK(second.stamp == stamp);

    // What is removed from the archive is still to be delivered.
    value(at.home, at.archive().remove(juliet, std::nullopt));
    const auto without = at.backlog(juliet, "t");
    CHECK_EQ(without->unacked[1].xml, chat("archived"));
    CHECK_FALSE(without->unacked[1].archived);
    CHECK(without->unacked[1].stamp == stamp);

    StreamNote note;
    note.row = stream;
    note.acknowledged = 5;
    value(at.home, at.streams().note({ note }));
    value(at.home, at.streams().end(juliet, stream, {}));
    CHECK_EQ(texts(at.mail(juliet)), Texts { chat("stays") });
}

TEST_CASE_TEMPLATE("mailbox: what was handed over and not acknowledged comes back to its place, as it was",
    Where, InMemory, InSqlite, InSqliteFiling)
{
    Messages<Where> at;
    const auto stream = at.open_stream(juliet, "t");
    for (const bool archived : { true, false, true }) {
        at.mail_to_juliet(archived ? "archived" : "nowhere", archived);
    }
    at.keep_unacked(stream, 1, chat("live"));
    const auto before = at.mail(juliet);
    value(at.home,
        at.mailbox().hand_over(juliet,
            { { before[0].row, { stream, 2 } }, { before[1].row, { stream, 3 } } }));
    at.clock.advance(1h);
    at.mail_to_juliet("newer", true);
    value(at.home, at.streams().renumber(juliet, stream, 0));
    value(at.home, at.streams().end(juliet, stream, {}));
    const auto after = at.mail(juliet);
    CHECK_EQ(texts(after),
        Texts { chat("archived"), chat("nowhere"), chat("archived"), chat("newer"), chat("live") });
    for (std::size_t i = 0; i < 3; ++i) {
        CHECK_EQ(after[i].row, before[i].row);
        CHECK(after[i].stamp == before[i].stamp);
        CHECK_EQ(after[i].sender, before[i].sender);
        CHECK_EQ(after[i].archived, before[i].archived);
    }
    CHECK_GT(after[4].row, after[3].row);
}

TEST_CASE_TEMPLATE("mailbox: nothing is handed over to a session that has ended", Where, InMemory, InSqlite,
    InSqliteFiling)
{
    Messages<Where> at;
    const auto stream = at.open_stream(juliet, "t");
    at.mail_to_juliet("x", true);
    const auto mail = at.mail(juliet);
    value(at.home, at.streams().end(juliet, stream, {}));
    CHECK(value(at.home, at.mailbox().hand_over(juliet, { { mail[0].row, { stream, 1 } } })).empty());
    CHECK(value(at.home, at.mailbox().hand_over(romeo, { { mail[0].row, { stream, 1 } } })).empty());
    CHECK_EQ(at.mail(juliet)[0].row, mail[0].row);
}

TEST_CASE_TEMPLATE("mailbox: what is handed over makes room, and counts again when it is back", Where,
    InMemory, InSqlite, InSqliteFiling)
{
    Messages<Where> at;
    const auto stream = at.open_stream(juliet, "t");
    MailboxLimits limits;
    limits.messages_per_sender = 1;
    const auto put = [&] { return at.append(juliet, message("romeo@montague.example", chat("x")), limits); };
    CHECK(put() == MailboxAnswer::stored);
    CHECK(put() == MailboxAnswer::sender_share_full);
    value(at.home, at.mailbox().hand_over(juliet, { { at.mail(juliet)[0].row, { stream, 1 } } }));
    CHECK(put() == MailboxAnswer::stored);
    value(at.home, at.mailbox().remove(juliet, rows_of(at.mail(juliet))));
    value(at.home, at.streams().end(juliet, stream, {}));
    CHECK(put() == MailboxAnswer::sender_share_full);
    value(at.home, at.mailbox().remove(juliet, rows_of(at.mail(juliet))));
    CHECK(put() == MailboxAnswer::stored);
}

// XEP-0198 §4-4
TEST_CASE_TEMPLATE("streams: at the end, unacknowledged messages go into the mailbox, in order", Where,
    InMemory, InSqlite, InSqliteFiling)
{
    Messages<Where> at;
    const auto row = at.open_stream(juliet, "t");
    const auto stamp = at.clock.wall();
    at.keep_unacked(row, 2, chat("second"));
    at.keep_unacked(row, 1, chat("first"), CopyForm::itself, false);
    at.keep_unacked(row, 3, chat("copy"), CopyForm::carbon_received);
    at.keep_unacked(row, 4, chat("another device has it"));
    const auto last = at.keep_unacked(row, 5, chat("third"));
    at.clock.advance(1h);
    for (int i = 0; i < 3; ++i) {
        at.append(juliet, message("romeo@montague.example", "older mail"));
    }
    value(at.home, at.streams().end(nurse, row, {}));
    CHECK(at.backlog(juliet, "t").has_value());
    value(at.home, at.streams().end(juliet, row, { 4, 77 }));
    CHECK_FALSE(at.backlog(juliet, "t").has_value());
    auto mail = at.mail(juliet);
    REQUIRE_EQ(mail.size(), 6);
    mail.erase(mail.begin(), mail.begin() + 3);
    CHECK_EQ(texts(mail), Texts { chat("first"), chat("second"), chat("third") });
    CHECK(mail[0].stamp == stamp);
    CHECK(mail[1].stamp == stamp);
    CHECK_EQ(mail[0].sender, "romeo@montague.example");
    CHECK_FALSE(mail[0].archived.has_value());
    CHECK_EQ(mail[2].archived, last);
    // They count, but were not refused.
    MailboxLimits limits;
    limits.messages_per_sender = 6;
    CHECK(at.append(juliet, message("romeo@montague.example", "x"), limits)
        == MailboxAnswer::sender_share_full);
    value(at.home, at.streams().end(juliet, row, {}));
    CHECK_EQ(at.mail(juliet).size(), 6);
    // A place that was kept in a session which has ended meanwhile holds nothing.
    at.keep_unacked(row, 6, chat("too late"), CopyForm::itself, false);
    CHECK_FALSE(at.backlog(juliet, "t").has_value());
    CHECK_GT(at.open_stream(juliet, "t"), row);
    CHECK(at.backlog(juliet, "t")->unacked.empty());
}

TEST_CASE_TEMPLATE("streams: those whose window is over are listed by host", Where, InMemory, InSqlite,
    InSqliteFiling)
{
    Messages<Where> at;
    const auto a = at.open_stream(juliet, "a");
    at.open_stream(romeo, "r");
    at.clock.advance(200s);
    const auto b = at.open_stream(nurse, "b");
    const auto expired = [&at](std::size_t limit = 10) {
        std::vector<std::uint64_t> rows;
        for (const auto& record : value(at.home, at.streams().expired(juliet.host, at.clock.wall(), limit))) {
            CHECK_EQ(record.owner.host, juliet.host);
            CHECK_FALSE(record.owner.user.empty());
            rows.push_back(record.row);
        }
        return rows;
    };
    using Rows = std::vector<std::uint64_t>;
    at.clock.advance(100s);
    CHECK_EQ(expired(), Rows {});
    at.clock.advance(1s);
    CHECK_EQ(expired(), Rows { a });
    at.clock.advance(1h);
    CHECK_EQ(expired(), Rows { a, b });
    CHECK_EQ(expired(1).size(), 1);
}

TEST_CASE_TEMPLATE("messages: all of it takes effect in the order in which it was asked", Where, InMemory,
    InSqlite, InSqliteFiling)
{
    Messages<Where> at;
    const auto row = at.open_stream(juliet, "t");
    std::size_t answers = 0;
    for (std::uint64_t i = 1; i <= 200; ++i) {
        auto message = at.make(chat(std::to_string(i)));
        message.archives = { entry(romeo, juliet_bare, true), entry(juliet, romeo_bare) };
        message.unacked_entries = { { row, i, CopyForm::itself } };
        at.messages().accept(std::move(message)).then([&answers](auto) { ++answers; });
        at.streams().find(juliet, "t").then([&answers, i](auto backlog) {
            CHECK_EQ((*backlog)->unacked.size(), i);
            ++answers;
        });
        for (const auto& owner : { juliet, romeo }) {
            ArchiveQuery query;
            query.from_the_end = true;
            query.limit = 1;
            at.archive().page(owner, query).then([&answers, i](auto page) {
                CHECK_GE(*(*page)->count, i);
                ++answers;
            });
        }
    }
    at.home.run_until([&answers]() { return answers == 800; });
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
            db->run_script("ALTER TABLE owner DROP COLUMN archive_bytes; PRAGMA user_version = 9");
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
