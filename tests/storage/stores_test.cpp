// SPDX-License-Identifier: Apache-2.0
// What every backend promises: the same cases in memory and in SQLite.
#include "backends.hpp"

using namespace stonechat;
using namespace stonechat::test;

namespace {

std::vector<std::string> texts(const std::vector<MailboxMessage>& messages)
{
    std::vector<std::string> texts;
    for (const auto& message : messages) {
        texts.push_back(message.xml);
    }
    return texts;
}

std::vector<std::string> names(const std::vector<Account>& accounts)
{
    std::vector<std::string> names;
    for (const auto& account : accounts) {
        names.push_back(account.user);
    }
    return names;
}

using Texts = std::vector<std::string>;

} // namespace

TEST_CASE_TEMPLATE("accounts: what was created is found, with verifiers in order of hash", Where, InMemory,
    InSqlite)
{
    Opened<Where> at;
    CHECK_FALSE(value(at.home, at.accounts().find(juliet)).has_value());
    std::vector<ScramVerifier> verifiers { verifier(ScramHash::sha256, "pepper"),
        verifier(ScramHash::sha1, "salt") };
    CHECK(value(at.home, at.accounts().create(juliet, verifiers)));

    const auto account = value(at.home, at.accounts().find(juliet));
    REQUIRE(account.has_value());
    CHECK_EQ(account->user, "juliet");
    CHECK(account->enabled);
    CHECK(account->created == at.clock.wall());
    REQUIRE_EQ(account->verifiers.size(), 2);
    CHECK(account->verifiers[0].hash == ScramHash::sha1);
    CHECK_EQ(account->verifiers[0].salt, "salt");
    CHECK_EQ(account->verifiers[1].salt, "pepper");
    CHECK_EQ(account->verifiers[1].iterations, 10'000);
    CHECK_EQ(account->verifiers[1].stored_key, std::string("stored\0key", 10));
    CHECK_EQ(account->verifiers[1].server_key, "server key");
    CHECK_FALSE(value(at.home, at.accounts().find(romeo)).has_value());
}

TEST_CASE_TEMPLATE("accounts: a name that nobody has is not found, whatever stands beside it", Where,
    InMemory, InSqlite)
{
    Opened<Where> at;
    CHECK(value(at.home, at.accounts().create(juliet, { verifier(ScramHash::sha1, "salt") })));
    CHECK(value(at.home, at.accounts().create({ "other.example", "a" }, {})));
    CHECK(value(at.home, at.accounts().create({ "other.example", "z" }, {})));
    for (const char* const name : { "", "a", "julie", "juliet2", "z" }) {
        CAPTURE(name);
        CHECK_FALSE(value(at.home, at.accounts().find({ juliet.host, name })).has_value());
    }
    CHECK_EQ(value(at.home, at.accounts().find({ "other.example", "a" }))->user, "a");
    CHECK(value(at.home, at.accounts().find({ "other.example", "z" }))->verifiers.empty());
    CHECK_FALSE(value(at.home, at.accounts().find({ "third.example", "a" })).has_value());
}

TEST_CASE_TEMPLATE("accounts: an existing account is not created again", Where, InMemory, InSqlite)
{
    Opened<Where> at;
    CHECK(value(at.home, at.accounts().create(juliet, { verifier(ScramHash::sha1, "first") })));
    CHECK_FALSE(value(at.home, at.accounts().create(juliet, { verifier(ScramHash::sha1, "second") })));
    CHECK_EQ(value(at.home, at.accounts().find(juliet))->verifiers[0].salt, "first");
}

TEST_CASE_TEMPLATE("accounts: a change tells whether there was an account to change", Where, InMemory,
    InSqlite)
{
    Opened<Where> at;
    CHECK_FALSE(value(at.home, at.accounts().set_verifiers(juliet, {})));
    CHECK_FALSE(value(at.home, at.accounts().set_enabled(juliet, false)));
    CHECK_FALSE(value(at.home, at.accounts().remove(juliet)));
    CHECK_FALSE(value(at.home, at.accounts().find(juliet)).has_value());

    value(at.home,
        at.accounts().create(juliet,
            { verifier(ScramHash::sha1, "old"), verifier(ScramHash::sha256, "old") }));
    CHECK(value(at.home, at.accounts().set_verifiers(juliet, { verifier(ScramHash::sha256, "new") })));
    CHECK(value(at.home, at.accounts().set_enabled(juliet, false)));
    const auto account = value(at.home, at.accounts().find(juliet));
    REQUIRE_EQ(account->verifiers.size(), 1);
    CHECK_EQ(account->verifiers[0].salt, "new");
    CHECK_FALSE(account->enabled);
    CHECK(value(at.home, at.accounts().set_enabled(juliet, true)));
    CHECK(value(at.home, at.accounts().find(juliet))->enabled);
}

TEST_CASE_TEMPLATE("accounts: of two verifiers for one hash the last is kept", Where, InMemory, InSqlite)
{
    Opened<Where> at;
    std::vector<ScramVerifier> twice { verifier(ScramHash::sha1, "first"),
        verifier(ScramHash::sha1, "last") };
    value(at.home, at.accounts().create(juliet, twice));
    const auto account = value(at.home, at.accounts().find(juliet));
    REQUIRE_EQ(account->verifiers.size(), 1);
    CHECK_EQ(account->verifiers[0].salt, "last");
}

TEST_CASE_TEMPLATE("accounts: a list goes on behind a name and stays on its host", Where, InMemory, InSqlite)
{
    Opened<Where> at;
    for (const auto* user : { "d", "a", "c", "b" }) {
        value(at.home, at.accounts().create({ "example.org", user }, { verifier(ScramHash::sha1, "salt") }));
    }
    value(at.home, at.accounts().create({ "example.net", "aa" }, {}));
    value(at.home, at.keyval().set({ "example.org", "bb" }, "no", "account", "here"));

    CHECK_EQ(names(value(at.home, at.accounts().list("example.org", "", 3))), Texts { "a", "b", "c" });
    CHECK_EQ(names(value(at.home, at.accounts().list("example.org", "b", 3))), Texts { "c", "d" });
    CHECK_EQ(names(value(at.home, at.accounts().list("example.org", "d", 3))), Texts {});
    CHECK(value(at.home, at.accounts().list("example.org", "", 1))[0].verifiers.empty());
    CHECK_EQ(value(at.home, at.accounts().count("example.org")), 4);
    CHECK_EQ(value(at.home, at.accounts().count("example.com")), 0);
}

TEST_CASE_TEMPLATE("accounts: how much is kept for one is counted, and nothing of others", Where, InMemory,
    InSqlite)
{
    Opened<Where> at;
    for (const AccountKey& each : { juliet, romeo }) {
        CHECK(value(at.home, at.accounts().create(each, { verifier(ScramHash::sha1, "salt") })));
    }
    const Holdings nothing = value(at.home, at.accounts().holdings(juliet));
    CHECK(nothing.contacts == 0);
    CHECK(nothing.mailbox.count == 0);
    CHECK(nothing.stores.empty());

    value(at.home, at.rosters().put(juliet, contact("nurse@capulet.example"), 1));
    RosterRecord stranger = contact("paris@verona.example");
    stranger.in_roster = false;
    value(at.home, at.rosters().put(juliet, stranger, 1));
    at.append(juliet, message("romeo@montague.example", "<message/>"));
    value(at.home, at.keyval().set(juliet, "notes", "a", "12345"));
    value(at.home, at.keyval().set(juliet, "notes", "b", "67"));
    value(at.home, at.keyval().set(juliet, "avatar", "", "1"));
    value(at.home, at.keyval().set(romeo, "notes", "a", "123"));

    const Holdings holdings = value(at.home, at.accounts().holdings(juliet));
    CHECK(holdings.contacts == 1);
    CHECK(holdings.mailbox.count == 1);
    CHECK(holdings.mailbox.bytes == 10);
    CHECK_FALSE(holdings.mailbox.more);
    CHECK(holdings.archive.count == 0);
    using Sizes = std::vector<std::pair<std::string, std::uint64_t>>;
    CHECK(holdings.stores == Sizes { { "avatar", 1 }, { "notes", 7 } });
    CHECK(value(at.home, at.accounts().holdings(nurse)).stores.empty());
}

TEST_CASE_TEMPLATE("accounts: removing one takes everything kept for it, and nothing of others", Where,
    InMemory, InSqlite)
{
    Opened<Where> at;
    for (const auto& key : { juliet, nurse }) {
        value(at.home, at.accounts().create(key, { verifier(ScramHash::sha1, "salt") }));
        value(at.home, at.rosters().put(key, contact("romeo@montague.example"), 7));
        value(at.home, at.keyval().set(key, "vcard", "", "<vCard/>"));
        at.append(key, message("romeo@montague.example", "<message/>"));
    }
    CHECK(value(at.home, at.accounts().remove(juliet)));
    CHECK_FALSE(value(at.home, at.accounts().remove(juliet)));

    CHECK_FALSE(value(at.home, at.accounts().find(juliet)).has_value());
    CHECK(value(at.home, at.rosters().load(juliet)).items.empty());
    CHECK_EQ(value(at.home, at.rosters().load(juliet)).version, 0);
    CHECK_FALSE(value(at.home, at.keyval().get(juliet, "vcard", "")).has_value());
    CHECK_EQ(value(at.home, at.mailbox().count(juliet)), 0);

    CHECK(value(at.home, at.accounts().find(nurse)).has_value());
    CHECK_EQ(value(at.home, at.rosters().load(nurse)).items.size(), 1);
    CHECK(value(at.home, at.keyval().get(nurse, "vcard", "")).has_value());
    CHECK_EQ(value(at.home, at.mailbox().count(nurse)), 1);
}

TEST_CASE_TEMPLATE("accounts: a removal that has begun lets nobody in, and is known until it is done", Where,
    InMemory, InSqlite)
{
    Opened<Where> at;
    CHECK_FALSE(value(at.home, at.accounts().begin_removal(juliet)));
    for (const auto& key : { juliet, nurse }) {
        value(at.home, at.accounts().create(key, { verifier(ScramHash::sha1, "salt") }));
    }
    CHECK(value(at.home, at.accounts().removals()).empty());
    CHECK(value(at.home, at.accounts().begin_removal(juliet)));
    CHECK(value(at.home, at.accounts().begin_removal(juliet)));
    const auto account = value(at.home, at.accounts().find(juliet));
    REQUIRE(account.has_value());
    CHECK_FALSE(account->enabled);
    CHECK(account->verifiers.empty());
    CHECK_EQ(value(at.home, at.accounts().removals()), std::vector<AccountKey> { juliet });
    CHECK(value(at.home, at.accounts().remove(juliet)));
    CHECK(value(at.home, at.accounts().removals()).empty());
    CHECK(value(at.home, at.accounts().find(nurse))->enabled);
}

TEST_CASE_TEMPLATE("accounts: of a name that was removed a number is remembered, and how often", Where,
    InMemory, InSqlite)
{
    Opened<Where> at;
    constexpr std::uint64_t number = 0xfedcba9876543210;
    CHECK_FALSE(value(at.home, at.accounts().remove(juliet, number))); // there was no account
    for (int time = 0; time < 2; ++time) {
        value(at.home, at.accounts().create(juliet, {}));
        CHECK(value(at.home, at.accounts().remove(juliet, number)));
    }
    value(at.home, at.accounts().create(nurse, {}));
    value(at.home, at.accounts().remove(nurse)); // without a number
    const auto names = value(at.home, at.accounts().former_names());
    REQUIRE_EQ(names.size(), 1);
    CHECK_EQ(names[0].name, number);
    CHECK_EQ(names[0].holders, 2);
    CHECK(names[0].removed > WallTime());
}

TEST_CASE_TEMPLATE("rosters: who has somebody in the roster, on any host", Where, InMemory, InSqlite)
{
    Opened<Where> at;
    const Jid romeo = *Jid::parse("romeo@montague.example");
    const AccountKey elsewhere { "other.example", "friar" };
    value(at.home, at.rosters().put(juliet, contact("romeo@montague.example"), 1));
    value(at.home, at.rosters().put(juliet, contact("nurse@capulet.example"), 2));
    value(at.home, at.rosters().put(elsewhere, contact("romeo@montague.example"), 1));
    auto holders = value(at.home, at.rosters().holders(romeo));
    std::sort(holders.begin(), holders.end(),
        [](const AccountKey& a, const AccountKey& b) { return a.host < b.host; });
    CHECK_EQ(holders, std::vector<AccountKey> { juliet, elsewhere });
    value(at.home, at.rosters().remove(juliet, romeo, 3));
    CHECK_EQ(value(at.home, at.rosters().holders(romeo)), std::vector<AccountKey> { elsewhere });
}

TEST_CASE_TEMPLATE("accounts: a new account inherits nothing from an earlier one of its name", Where,
    InMemory, InSqlite)
{
    Opened<Where> at;
    value(at.home, at.accounts().create(juliet, {}));
    value(at.home, at.accounts().remove(juliet));
    at.append(juliet, message("romeo@montague.example", "too late"));
    value(at.home, at.keyval().set(juliet, "private", "x", "too late"));

    CHECK(value(at.home, at.accounts().create(juliet, {})));
    CHECK(at.mail(juliet).empty());
    CHECK(value(at.home, at.keyval().load(juliet, "private")).empty());
    CHECK(at.append(juliet, message("romeo@montague.example", "new")) == MailboxAnswer::stored);
    CHECK_EQ(texts(at.mail(juliet)), Texts { "new" });
}

TEST_CASE_TEMPLATE("roster: an item comes back as it was put (RFC 6121 §2.1.2)", Where, InMemory, InSqlite)
{
    Opened<Where> at;
    CHECK(value(at.home, at.rosters().load(juliet)).items.empty());
    auto record = contact("romeo@montague.example");
    record.name = "Romeo ♥";
    record.groups = { "Friends", "", "Über" };
    record.subscription = SubscriptionState::both;
    record.pending_out = true;
    record.approved = true;
    auto stranger = contact("paris@verona.example");
    stranger.in_roster = false;
    stranger.pending_in = "<presence type='subscribe'/>";
    value(at.home, at.rosters().put(juliet, record, 1));
    value(at.home, at.rosters().put(juliet, stranger, 2));
    value(at.home, at.rosters().put(romeo, contact("juliet@capulet.example"), 40));

    const auto roster = value(at.home, at.rosters().load(juliet));
    CHECK_EQ(roster.version, 2);
    REQUIRE_EQ(roster.items.size(), 2);
    CHECK(roster.items[0] == stranger);
    CHECK(roster.items[1] == record);
}

TEST_CASE_TEMPLATE("roster: a changed item replaces the old one, a removed one is gone", Where, InMemory,
    InSqlite)
{
    Opened<Where> at;
    auto record = contact("romeo@montague.example");
    record.pending_in = "<presence/>";
    value(at.home, at.rosters().put(juliet, record, 1));
    record.pending_in.reset();
    record.name = "R.";
    value(at.home, at.rosters().put(juliet, record, 2));
    REQUIRE_EQ(value(at.home, at.rosters().load(juliet)).items.size(), 1);
    CHECK(value(at.home, at.rosters().load(juliet)).items[0] == record);

    value(at.home, at.rosters().remove(juliet, record.contact, 3));
    CHECK(value(at.home, at.rosters().load(juliet)).items.empty());
    CHECK_EQ(value(at.home, at.rosters().load(juliet)).version, 3);
    value(at.home, at.rosters().remove(nurse, record.contact, 9));
    CHECK_EQ(value(at.home, at.rosters().load(nurse)).version, 9);
}

TEST_CASE_TEMPLATE("mailbox: messages are read in order of arrival, a page at a time (XEP-0160)", Where,
    InMemory, InSqlite)
{
    Opened<Where> at;
    CHECK(at.mail(juliet).empty());
    for (int i = 1; i <= 5; ++i) {
        at.append(juliet, message("romeo@montague.example", std::to_string(i)));
        at.append(nurse, message("romeo@montague.example", "for the nurse"));
    }
    const auto first = value(at.home, at.mailbox().read(juliet, 0, 2));
    CHECK_EQ(texts(first), Texts { "1", "2" });
    CHECK_LT(first[0].row, first[1].row);
    CHECK_EQ(first[0].sender, "romeo@montague.example");
    CHECK(first[0].stamp == message("", "").stamp);
    const auto rest = value(at.home, at.mailbox().read(juliet, first[1].row, 10));
    CHECK_EQ(texts(rest), Texts { "3", "4", "5" });
    CHECK_EQ(value(at.home, at.mailbox().count(juliet)), 5);

    value(at.home, at.mailbox().remove(juliet, { first[0].row, first[1].row, rest[0].row, rest[0].row }));
    CHECK_EQ(texts(at.mail(juliet)), Texts { "4", "5" });
    CHECK_EQ(value(at.home, at.mailbox().count(nurse)), 5);
    value(at.home, at.mailbox().remove(romeo, { rest[1].row, 1000 }));
}

TEST_CASE_TEMPLATE("mailbox: row numbers never come back after the mailbox was emptied", Where, InMemory,
    InSqlite)
{
    Opened<Where> at;
    at.append(juliet, message("a@example.org", "1"));
    const auto last = at.mail(juliet)[0].row;
    value(at.home, at.mailbox().remove(juliet, { last, UINT64_MAX }));
    CHECK(at.mail(juliet).empty());
    at.append(juliet, message("a@example.org", "2"));
    CHECK_GT(at.mail(juliet)[0].row, last);
}

TEST_CASE_TEMPLATE("mailbox: a full one refuses, keeps the old mail and takes new when there is room", Where,
    InMemory, InSqlite)
{
    Opened<Where> at;
    MailboxLimits limits;
    limits.messages = 2;
    CHECK(at.append(juliet, message("a@example.org", "1"), limits) == MailboxAnswer::stored);
    CHECK(at.append(juliet, message("b@example.org", "2"), limits) == MailboxAnswer::stored);
    CHECK(at.append(juliet, message("c@example.org", "3"), limits) == MailboxAnswer::mailbox_full);
    CHECK_EQ(texts(at.mail(juliet)), Texts { "1", "2" });
    CHECK(at.append(nurse, message("c@example.org", "3"), limits) == MailboxAnswer::stored);

    value(at.home, at.mailbox().remove(juliet, { at.mail(juliet)[0].row }));
    CHECK(at.append(juliet, message("c@example.org", "3"), limits) == MailboxAnswer::stored);
    CHECK_EQ(texts(at.mail(juliet)), Texts { "2", "3" });
}

TEST_CASE_TEMPLATE("mailbox: bytes are limited too, exactly", Where, InMemory, InSqlite)
{
    Opened<Where> at;
    MailboxLimits limits;
    limits.bytes = 10;
    CHECK(at.append(juliet, message("a@example.org", "12345678901"), limits) == MailboxAnswer::mailbox_full);
    CHECK(at.append(juliet, message("a@example.org", "123456"), limits) == MailboxAnswer::stored);
    CHECK(at.append(juliet, message("a@example.org", "12345"), limits) == MailboxAnswer::mailbox_full);
    CHECK(at.append(juliet, message("a@example.org", "1234"), limits) == MailboxAnswer::stored);
    CHECK(at.append(juliet, message("a@example.org", "1"), limits) == MailboxAnswer::mailbox_full);
}

TEST_CASE_TEMPLATE("mailbox: one sender cannot take more than a share (A96)", Where, InMemory, InSqlite)
{
    Opened<Where> at;
    MailboxLimits limits;
    limits.messages_per_sender = 1;
    CHECK(at.append(juliet, message("spam@example.org", "1"), limits) == MailboxAnswer::stored);
    CHECK(at.append(juliet, message("spam@example.org", "2"), limits) == MailboxAnswer::sender_share_full);
    CHECK(at.append(juliet, message("romeo@montague.example", "3"), limits) == MailboxAnswer::stored);
    value(at.home, at.mailbox().remove(juliet, { at.mail(juliet)[0].row }));
    CHECK(at.append(juliet, message("spam@example.org", "4"), limits) == MailboxAnswer::stored);
}

TEST_CASE_TEMPLATE("keyval: values are kept by account, store and name", Where, InMemory, InSqlite)
{
    Opened<Where> at;
    const std::string bytes("\0\xff binary", 9);
    CHECK_FALSE(value(at.home, at.keyval().get(juliet, "push", "x")).has_value());
    value(at.home, at.keyval().set(juliet, "push", "x", "1"));
    value(at.home, at.keyval().set(juliet, "push", "x", bytes));
    value(at.home, at.keyval().set(juliet, "push", "", ""));
    value(at.home, at.keyval().set(juliet, "vcard", "x", "other store"));
    value(at.home, at.keyval().set(romeo, "push", "x", "other account"));

    CHECK_EQ(value(at.home, at.keyval().get(juliet, "push", "x")), bytes);
    CHECK_EQ(value(at.home, at.keyval().get(juliet, "push", "")), std::string());
    CHECK(value(at.home, at.keyval().load(juliet, "push"))
        == KeyvalStore::Entries { { "", "" }, { "x", bytes } });
    value(at.home, at.keyval().erase(juliet, "push", "x"));
    value(at.home, at.keyval().erase(juliet, "push", "never there"));
    value(at.home, at.keyval().erase(nurse, "push", "never there"));
    CHECK_FALSE(value(at.home, at.keyval().get(juliet, "push", "x")).has_value());
    CHECK(value(at.home, at.keyval().load(nurse, "push")).empty());
    CHECK_EQ(value(at.home, at.keyval().get(romeo, "push", "x")), "other account");
}

TEST_CASE_TEMPLATE("keyval: several changes are made together", Where, InMemory, InSqlite)
{
    Opened<Where> at;
    value(at.home, at.keyval().set(juliet, "blocking", "b", "old"));
    KeyvalStore::Changes changes;
    changes.emplace_back("c", "3");
    changes.emplace_back("b", std::nullopt);
    changes.emplace_back("a", "1");
    value(at.home, at.keyval().apply(juliet, "blocking", changes));
    CHECK(value(at.home, at.keyval().load(juliet, "blocking"))
        == KeyvalStore::Entries { { "a", "1" }, { "c", "3" } });
    value(at.home, at.keyval().apply(juliet, "blocking", {}));
}

TEST_CASE_TEMPLATE("storage: calls for one account take effect in the order they were made", Where, InMemory,
    InSqlite)
{
    Opened<Where> at;
    std::vector<std::string> seen;
    std::size_t answers = 0;
    for (int i = 0; i < 300; ++i) {
        // Nothing is waited for: each read must see the write before it and not the one behind.
        at.keyval().set(juliet, "s", "n", std::to_string(i)).then([&answers](auto) { ++answers; });
        for (int j = 0; j < i % 3; ++j) {
            at.keyval().get(juliet, "s", "n").then([&seen, &answers, i](auto value) {
                CHECK_EQ(**value, std::to_string(i));
                ++answers;
            });
        }
        if (i % 7 == 0) {
            at.home.run_until([&answers, target = answers + 1]() { return answers >= target; });
        }
    }
    at.home.run_until([&answers]() { return answers == 600; });
}

TEST_CASE_TEMPLATE("storage: a write does not overtake the reads before it", Where, InMemory, InSqlite)
{
    Opened<Where> at;
    std::size_t answers = 0;
    for (int i = 0; i < 200; ++i) {
        value(at.home, at.keyval().set(juliet, "s", "n", "before"));
        for (int j = 0; j < 20; ++j) {
            at.keyval().get(juliet, "s", "n").then([&answers](auto value) {
                CHECK_EQ(**value, "before");
                ++answers;
            });
        }
        value(at.home, at.keyval().set(juliet, "s", "n", "after"));
    }
    at.home.run_until([&answers]() { return answers == 4000; });
}

TEST_CASE_TEMPLATE("storage: a list of a host shows the accounts made just before", Where, InMemory, InSqlite)
{
    Opened<Where> at;
    for (int i = 0; i < 50; ++i) {
        at.accounts().create({ "example.org", std::to_string(i) }, {}).then([](auto) {});
        CHECK_EQ(value(at.home, at.accounts().count("example.org")), std::size_t(i + 1));
    }
}

TEST_CASE_TEMPLATE("storage: an answer never comes inside the call", Where, InMemory, InSqlite)
{
    Opened<Where> at;
    bool answered = false;
    at.keyval().set(juliet, "s", "n", "v").then([&answered](auto) { answered = true; });
    CHECK_FALSE(answered);
    at.home.run_until([&answered]() { return answered; });
}

TEST_CASE_TEMPLATE("storage: two fronts on two threads see each other's answered writes", Where, InMemory,
    InSqlite)
{
    Where where;
    QueueExecutor home_a;
    auto front_a = where.backend->front(home_a);
    std::string seen;
    value(home_a, front_a->keyval().set(juliet, "s", "n", "from a"));
    std::thread other([&where, &seen]() {
        QueueExecutor home_b;
        auto front_b = where.backend->front(home_b);
        seen = *value(home_b, front_b->keyval().get(juliet, "s", "n"));
        for (int i = 0; i < 100; ++i) {
            append(*front_b, juliet, message("b@example.org", "b")).then([](auto) {});
        }
        value(home_b, front_b->keyval().set(juliet, "s", "n", "from b"));
    });
    for (int i = 0; i < 100; ++i) {
        append(*front_a, juliet, message("a@example.org", "a")).then([](auto) {});
    }
    other.join();
    CHECK_EQ(seen, "from a");
    CHECK_EQ(value(home_a, front_a->keyval().get(juliet, "s", "n")), "from b");
    CHECK_EQ(value(home_a, front_a->mailbox().count(juliet)), 200);
}

TEST_CASE_TEMPLATE("storage: stopping answers what was asked and refuses what comes later", Where, InMemory,
    InSqlite)
{
    Opened<Where> at;
    std::size_t stored = 0;
    for (int i = 0; i < 50; ++i) {
        append(*at.storage, juliet, message("a@example.org", "x")).then([&stored](auto answer) {
            CHECK(answer.has_value());
            ++stored;
        });
    }
    at.backend->stop();
    at.home.run_until([&stored]() { return stored == 50; });
    CHECK_EQ(answer(at.home, at.keyval().get(juliet, "s", "n")).error(), StoreError::unavailable);
    CHECK_EQ(answer(at.home, at.keyval().set(juliet, "s", "n", "v")).error(), StoreError::unavailable);
    CHECK_EQ(answer(at.home, at.accounts().count("example.org")).error(), StoreError::unavailable);
    at.backend->stop();
}
