// SPDX-License-Identifier: Apache-2.0
// How messages are taken in: their numbers, both forms of one, repetitions, removed accounts. The same cases
// in memory and in SQLite.
#include "messages.hpp"

#include <algorithm>

using namespace stonechat;
using namespace stonechat::test;

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
