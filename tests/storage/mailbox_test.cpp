// SPDX-License-Identifier: Apache-2.0
// What waits until its client has received it: the mailbox, and the queues of sessions that can be resumed.
// The same cases in memory and in SQLite.
#include "messages.hpp"

using namespace stonechat;
using namespace stonechat::test;

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
