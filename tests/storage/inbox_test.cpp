// SPDX-License-Identifier: Apache-2.0
// Conversations, what is unread in them, and how far an account has read (XEP-0430). The same cases in memory
// and in SQLite.
#include "messages.hpp"

#include <random>

using namespace stonechat;
using namespace stonechat::test;

namespace {

struct Line {
    std::string peer;
    MessageId newest;
    std::size_t unread;
    friend bool operator==(const Line&, const Line&) = default;
};

template <class Where> struct Inboxes : Messages<Where> {
    std::vector<Line> lines(const AccountKey& owner)
    {
        std::vector<Line> found;
        for (const auto& each : value(this->home, this->inbox().conversations(owner))) {
            found.push_back({ each.peer.text(), each.newest, each.unread });
        }
        return found;
    }
    MessageId received(const Jid& peer, std::string xml = chat("x"))
    {
        return this->into_archive_of(juliet, peer, std::move(xml));
    }
    MessageId sent(const Jid& peer, std::string xml = chat("x"))
    {
        auto message = this->make(std::move(xml));
        message.archives = { entry(juliet, peer, true) };
        return this->accept(std::move(message)).id;
    }
    void read(const AccountKey& owner, const Jid& peer, MessageId id)
    {
        value(this->home, this->inbox().set_read(owner, { { peer, id } }));
    }
};

std::string with(const std::string& element)
{
    return "<message xmlns='jabber:client'>" + element + "</message>";
}

} // namespace

TEST_CASE_TEMPLATE("inbox: the newest conversation first, resources together (XEP-0430 2.2)", Where, InMemory,
    InSqlite, InSqliteFiling)
{
    Inboxes<Where> at;
    CHECK(at.lines(juliet).empty());
    at.received(romeo_bare);
    const auto nurse_1 = at.received(nurse_bare);
    const auto romeo_2 = at.received(romeo_orchard);
    CHECK_EQ(at.lines(juliet),
        std::vector<Line> { { romeo_bare.text(), romeo_2, 2 }, { nurse_bare.text(), nurse_1, 1 } });
    CHECK(at.lines(nurse).empty());
}

TEST_CASE_TEMPLATE("inbox: what is read does not count, and a position does not move back (PB35)", Where,
    InMemory, InSqlite, InSqliteFiling)
{
    Inboxes<Where> at;
    value(at.home, at.accounts().create(juliet, {}));
    const auto first = at.received(romeo_bare);
    const auto second = at.received(romeo_bare);
    const auto third = at.received(romeo_bare);
    at.read(juliet, romeo_bare, second);
    CHECK_EQ(at.lines(juliet), std::vector<Line> { { romeo_bare.text(), third, 1 } });
    at.read(juliet, romeo_orchard, first);
    CHECK_EQ(at.lines(juliet), std::vector<Line> { { romeo_bare.text(), third, 1 } });
    at.read(juliet, romeo_bare, third);
    CHECK_EQ(at.lines(juliet), std::vector<Line> { { romeo_bare.text(), third, 0 } });
    const auto fourth = at.received(romeo_bare);
    CHECK_EQ(at.lines(juliet), std::vector<Line> { { romeo_bare.text(), fourth, 1 } });
}

TEST_CASE_TEMPLATE("inbox: a position in the future hides nothing that comes later", Where, InMemory,
    InSqlite, InSqliteFiling)
{
    Inboxes<Where> at;
    at.received(romeo_bare);
    at.read(juliet, romeo_bare, UINT64_MAX);
    const auto second = at.received(romeo_bare);
    CHECK_EQ(at.lines(juliet), std::vector<Line> { { romeo_bare.text(), second, 1 } });
}

TEST_CASE_TEMPLATE("inbox: positions are remembered where the account has no archive: in rooms", Where,
    InMemory, InSqlite)
{
    Inboxes<Where> at;
    const auto id = at.received(romeo_bare);
    at.read(juliet, veiled, id);
    CHECK(value(at.home, at.inbox().read_positions(juliet, { veiled.bare() }))
              .empty()); // there is no such room
    const AccountKey room { std::string(veiled.domain()), std::string(veiled.local()) };
    value(at.home, at.rooms().create(room, RoomRecord()));
    at.read(juliet, veiled, id);
    const auto found = value(at.home, at.inbox().read_positions(juliet, { nurse_bare, veiled.bare() }));
    REQUIRE_EQ(found.size(), 1);
    CHECK_EQ(found[0].peer, veiled.bare());
    CHECK_EQ(found[0].id, id);
    CHECK_EQ(at.lines(juliet).size(), 1);
    CHECK(value(at.home, at.inbox().read_positions(nurse, { veiled.bare() })).empty());
}

TEST_CASE_TEMPLATE("inbox: own messages and own markers say what was read (XEP-0430 4)", Where, InMemory,
    InSqlite, InSqliteFiling)
{
    Inboxes<Where> at;
    at.received(romeo_bare, chat("one", "m1"));
    at.received(romeo_bare, chat("two", "m2"));
    at.received(romeo_bare, chat("three", "m3"));
    auto newest = at.sent(romeo_bare, with("<received xmlns='urn:xmpp:receipts' id='m3'/>"));
    CHECK_EQ(at.lines(juliet), std::vector<Line> { { romeo_bare.text(), newest, 3 } });
    newest = at.sent(romeo_bare, with("<displayed xmlns='urn:xmpp:chat-markers:0' id='m2'/>"));
    CHECK_EQ(at.lines(juliet), std::vector<Line> { { romeo_bare.text(), newest, 1 } });
    newest = at.sent(romeo_bare, chat("an answer"));
    CHECK_EQ(at.lines(juliet), std::vector<Line> { { romeo_bare.text(), newest, 0 } });
}

TEST_CASE_TEMPLATE("inbox: the last message is one to read, not a marker", Where, InMemory, InSqlite,
    InSqliteFiling)
{
    Inboxes<Where> at;
    at.received(romeo_bare, chat("one"));
    const auto two = at.received(romeo_bare, chat("two"));
    at.received(romeo_bare, with("<displayed xmlns='urn:xmpp:chat-markers:0' id='x'/>"));
    at.received(nurse_bare, with("<displayed xmlns='urn:xmpp:chat-markers:0' id='x'/>"));
    const auto found = value(at.home,
        at.inbox().newest(juliet, { nurse_bare, romeo_bare, *Jid::parse("nobody@example.org") }));
    REQUIRE_EQ(found.size(), 3);
    CHECK_FALSE(found[0].has_value());
    REQUIRE(found[1].has_value());
    CHECK_EQ(found[1]->id, two);
    CHECK(found[1]->xml.find("two") != std::string::npos);
    CHECK_FALSE(found[2].has_value());
}

TEST_CASE_TEMPLATE("inbox: a removed account leaves no position to the next one of its name (PB43)", Where,
    InMemory, InSqlite)
{
    Inboxes<Where> at;
    value(at.home, at.accounts().create(juliet, {}));
    at.read(juliet, romeo_bare, at.received(romeo_bare));
    value(at.home, at.accounts().remove(juliet, 0));
    value(at.home, at.accounts().create(juliet, {}));
    CHECK(at.lines(juliet).empty());
    CHECK(value(at.home, at.inbox().read_positions(juliet, { romeo_bare })).empty());
}

TEST_CASE("inbox: both backends say the same after any messages, marks and removals")
{
    std::mt19937 random(20);
    Inboxes<InMemory> plain;
    Inboxes<InSqliteFiling> filing;
    const std::vector<Jid> peers { romeo_bare, nurse_bare, veiled, *Jid::parse("tybalt@capulet.example") };
    std::vector<MessageId> plain_ids { 0 };
    std::vector<MessageId> filing_ids { 0 };
    const auto both = [&](const auto& step) {
        plain_ids.push_back(step(plain, plain_ids));
        filing_ids.push_back(step(filing, filing_ids));
    };
    for (int i = 0; i < 300; ++i) {
        const Jid& peer = peers[random() % peers.size()];
        const auto which = random() % plain_ids.size();
        switch (random() % 5) {
        case 0:
        case 1:
            both([&](auto& at, const auto&) {
                return at.received(peer, chat("x", "m" + std::to_string(i)));
            });
            break;
        case 2: both([&](auto& at, const auto&) { return at.sent(peer); }); break;
        case 3:
            both([&](auto& at, const auto&) {
                return at.sent(peer,
                    with("<displayed xmlns='urn:xmpp:chat-markers:0' id='m" + std::to_string(which) + "'/>"));
            });
            break;
        default:
            both([&](auto& at, const auto& ids) {
                at.read(juliet, peer, ids[which]);
                return ids[which];
            });
        }
        if (i == 150) {
            both([&](auto& at, const auto&) {
                value(at.home, at.archive().remove(juliet, nurse_bare));
                return MessageId(0);
            });
        }
        const auto expected = plain.lines(juliet);
        const auto found = filing.lines(juliet);
        REQUIRE_EQ(found.size(), expected.size());
        for (std::size_t at = 0; at < found.size(); ++at) {
            CHECK_EQ(found[at].peer, expected[at].peer);
            CHECK_EQ(found[at].unread, expected[at].unread);
        }
    }
}
