// SPDX-License-Identifier: Apache-2.0
// What every backend promises of rooms (storage/room_store.hpp).
#include "backends.hpp"

using namespace stonechat;
using namespace stonechat::test;

namespace {

const AccountKey coven { "conference.capulet.example", "coven" };
const AccountKey heath { "conference.capulet.example", "heath" };
const AccountKey elsewhere { "conference.montague.example", "forres" };

RoomMember member(std::string_view jid, Affiliation affiliation, std::string nick = {})
{
    RoomMember member;
    member.jid = *Jid::parse(jid);
    member.affiliation = affiliation;
    member.nick = std::move(nick);
    return member;
}

RoomRecord record(std::string config, bool persistent = true, bool listed = false)
{
    RoomRecord record;
    record.config = std::move(config);
    record.persistent = persistent;
    record.listed = listed;
    record.created = WallTime(std::chrono::seconds(1'700'000'000));
    record.members = { member("crone1@shakespeare.lit", Affiliation::owner),
        member("hag66@shakespeare.lit", Affiliation::member, "thirdwitch") };
    return record;
}

MessageToStore said(const AccountKey& room, std::string xml, WallTime stamp)
{
    MessageToStore message;
    message.stamp = stamp;
    message.xml = std::move(xml);
    ArchiveEntry entry;
    entry.owner = room;
    entry.peer = *Jid::parse(room.user + "@" + room.host + "/firstwitch");
    message.archives.push_back(entry);
    return message;
}

std::size_t archived(Storage& storage, QueueExecutor& home, const AccountKey& room)
{
    const auto page = value(home, storage.archive().page(room, ArchiveQuery()));
    return page ? page->messages.size() : 0;
}

} // namespace

TEST_CASE_TEMPLATE("rooms: what was created is found, with members in order of address", Where, InMemory,
    InSqlite)
{
    Opened<Where> at;
    CHECK_FALSE(value(at.home, at.rooms().load(coven)).has_value());
    CHECK(value(at.home, at.rooms().create(coven, record("a cave"))));
    const auto room = value(at.home, at.rooms().load(coven));
    REQUIRE(room.has_value());
    CHECK_EQ(room->config, "a cave");
    CHECK(room->persistent);
    CHECK_FALSE(room->listed);
    CHECK(room->created == WallTime(std::chrono::seconds(1'700'000'000)));
    CHECK(room->members == record("").members);
    CHECK(room->progress.empty());
}

TEST_CASE_TEMPLATE("rooms: one that exists is not created again", Where, InMemory, InSqlite)
{
    Opened<Where> at;
    CHECK(value(at.home, at.rooms().create(coven, record("first"))));
    CHECK_FALSE(value(at.home, at.rooms().create(coven, record("second"))));
    CHECK_EQ(value(at.home, at.rooms().load(coven))->config, "first");
}

TEST_CASE_TEMPLATE("rooms: a change takes what it names and leaves the rest", Where, InMemory, InSqlite)
{
    Opened<Where> at;
    value(at.home, at.rooms().create(coven, record("a cave")));
    RoomStore::Change change;
    change.subject = "Spells";
    change.listed = true;
    change.members = { member("hag66@shakespeare.lit", Affiliation::none),
        member("wiccarocks@shakespeare.lit", Affiliation::admin) };
    change.progress = { { *Jid::parse("hag66@shakespeare.lit"), 7, 5 } };
    CHECK(value(at.home, at.rooms().change(coven, change)));

    const auto room = value(at.home, at.rooms().load(coven));
    CHECK_EQ(room->config, "a cave");
    CHECK_EQ(room->subject, "Spells");
    CHECK(room->listed);
    CHECK(room->persistent);
    REQUIRE_EQ(room->members.size(), 2);
    CHECK_EQ(room->members[0].jid.text(), "crone1@shakespeare.lit");
    CHECK_EQ(room->members[1].jid.text(), "wiccarocks@shakespeare.lit");
    REQUIRE_EQ(room->progress.size(), 1);
    CHECK_EQ(room->progress[0].received, 7);
    CHECK_EQ(room->progress[0].displayed, 5);
}

TEST_CASE_TEMPLATE("rooms: nothing is changed where there is no room", Where, InMemory, InSqlite)
{
    Opened<Where> at;
    RoomStore::Change change;
    change.subject = "Spells";
    CHECK_FALSE(value(at.home, at.rooms().change(coven, change)));
    CHECK_FALSE(value(at.home, at.rooms().load(coven)).has_value());
}

TEST_CASE_TEMPLATE("rooms: with a room goes everything that was kept of it, and a new one owns nothing",
    Where, InMemory, InSqlite)
{
    Opened<Where> at;
    value(at.home, at.rooms().create(coven, record("a cave")));
    value(at.home, at.messages().accept(said(coven, "<message/>", at.clock.wall())));
    value(at.home, at.keyval().set(coven, "vcard", "", "a face"));
    CHECK_EQ(archived(*at.storage, at.home, coven), 1);
    CHECK(value(at.home, at.rooms().remove(coven)));
    CHECK_FALSE(value(at.home, at.rooms().remove(coven)));
    CHECK_FALSE(value(at.home, at.rooms().load(coven)).has_value());

    value(at.home, at.messages().accept(said(coven, "<message/>", at.clock.wall()))); // it came too late
    CHECK(value(at.home, at.rooms().create(coven, record("another"))));
    CHECK_EQ(archived(*at.storage, at.home, coven), 0);
    CHECK_FALSE(value(at.home, at.keyval().get(coven, "vcard", "")).has_value());
}

TEST_CASE_TEMPLATE("rooms: they are listed by service, in order, page by page; hidden ones if asked", Where,
    InMemory, InSqlite)
{
    Opened<Where> at;
    value(at.home, at.rooms().create(heath, record("heath", true, true)));
    value(at.home, at.rooms().create(coven, record("coven")));
    value(at.home, at.rooms().create(elsewhere, record("forres", true, true)));
    const auto all = value(at.home, at.rooms().list(coven.host, "", 10, false));
    REQUIRE_EQ(all.size(), 2);
    CHECK_EQ(all[0].room, "coven");
    CHECK_EQ(all[1].config, "heath");
    CHECK(all[1].created == record("heath").created);
    CHECK_EQ(value(at.home, at.rooms().list(coven.host, "coven", 10, false)).size(), 1);
    CHECK_EQ(value(at.home, at.rooms().list(coven.host, "", 1, false)).size(), 1);
    const auto listed = value(at.home, at.rooms().list(coven.host, "", 10, true));
    REQUIRE_EQ(listed.size(), 1);
    CHECK_EQ(listed[0].room, "heath");
    CHECK_EQ(value(at.home, at.rooms().count(coven.host, false)), 2);
    CHECK_EQ(value(at.home, at.rooms().count(coven.host, true)), 1);
}

TEST_CASE_TEMPLATE("rooms: owned rooms are counted by service, other affiliations are not", Where, InMemory,
    InSqlite)
{
    Opened<Where> at;
    const Jid crone = *Jid::parse("crone1@shakespeare.lit");
    value(at.home, at.rooms().create(coven, record("coven")));
    value(at.home, at.rooms().create(heath, record("heath")));
    value(at.home, at.rooms().create(elsewhere, record("forres")));
    CHECK_EQ(value(at.home, at.rooms().count_owned(coven.host, crone)), 2);
    RoomStore::Change change;
    change.members = { member("crone1@shakespeare.lit", Affiliation::admin) };
    value(at.home, at.rooms().change(heath, change));
    CHECK_EQ(value(at.home, at.rooms().count_owned(coven.host, crone)), 1);
    CHECK_EQ(value(at.home, at.rooms().count_owned(coven.host, *Jid::parse("hag66@shakespeare.lit"))), 0);
}

TEST_CASE_TEMPLATE("rooms: they are no accounts, and their messages expire like those of accounts", Where,
    InMemory, InSqlite)
{
    Opened<Where> at;
    value(at.home, at.rooms().create(coven, record("coven")));
    CHECK_EQ(value(at.home, at.accounts().count(coven.host)), 0);
    CHECK(value(at.home, at.accounts().list(coven.host, "", 10)).empty());
    value(at.home, at.messages().accept(said(coven, "<message/>", at.clock.wall())));
    at.clock.advance(std::chrono::hours(24 * 31));
    while (value(at.home, at.archive().expire(coven.host, Retention { 40 }, at.clock.wall(), 10)) == 10) {}
    CHECK_EQ(archived(*at.storage, at.home, coven), 1);
    while (value(at.home, at.archive().expire(coven.host, Retention { 30 }, at.clock.wall(), 10)) == 10) {}
    CHECK_EQ(archived(*at.storage, at.home, coven), 0);
}

TEST_CASE("rooms: what was answered is there after the database was opened again")
{
    ManualClock clock;
    Log log;
    TemporaryFolder folder;
    const std::string path = folder.file("stonechat.db");
    {
        const auto backend = open_at(path, clock, log);
        QueueExecutor home;
        const auto storage = backend->front(home);
        CHECK(value(home, storage->rooms().create(coven, record("a cave"))));
    }
    const auto backend = open_at(path, clock, log);
    QueueExecutor home;
    const auto storage = backend->front(home);
    CHECK_EQ(value(home, storage->rooms().load(coven))->config, "a cave");
}

TEST_CASE_TEMPLATE("rooms: those that keep anything of somebody are found", Where, InMemory, InSqlite)
{
    Opened<Where> at;
    const Jid hag = *Jid::parse("hag66@shakespeare.lit");
    const Jid macbeth = *Jid::parse("macbeth@shakespeare.lit");
    for (const auto& room : { coven, heath, elsewhere }) {
        value(at.home, at.rooms().create(room, record("")));
    }
    const auto rooms_of = [&at](const Jid& user) {
        return value(at.home, at.rooms().knowing(coven.host, user, "hats", "of " + user.text()));
    };
    CHECK_EQ(rooms_of(hag), std::vector<std::string> { "coven", "heath" });
    CHECK(rooms_of(macbeth).empty());
    RoomStore::Change change;
    change.progress.push_back({ macbeth, 7, 5 });
    value(at.home, at.rooms().change(coven, change));
    value(at.home, at.keyval().set(heath, "hats", "of macbeth@shakespeare.lit", "urn:x"));
    value(at.home, at.keyval().set({ coven.host, "no room" }, "hats", "of macbeth@shakespeare.lit", "urn:x"));
    CHECK_EQ(rooms_of(macbeth), std::vector<std::string> { "coven", "heath" });
    RoomStore::Change forget;
    forget.forgotten.push_back(macbeth);
    value(at.home, at.rooms().change(coven, forget));
    CHECK(value(at.home, at.rooms().load(coven))->progress.empty());
    CHECK_EQ(rooms_of(macbeth), std::vector<std::string> { "heath" });
}

TEST_CASE_TEMPLATE("rooms: with an account goes what rooms keep of it, but for bans", Where, InMemory,
    InSqlite)
{
    Opened<Where> at;
    const AccountKey account { "shakespeare.lit", "hag66" };
    const Jid hag = *Jid::parse("hag66@shakespeare.lit");
    value(at.home, at.accounts().create(account, {}));
    value(at.home, at.rooms().create(coven, record("")));
    RoomRecord banned = record("");
    banned.members = { member("hag66@shakespeare.lit", Affiliation::outcast, "thirdwitch") };
    value(at.home, at.rooms().create(heath, banned));
    RoomStore::Change change;
    change.progress.push_back({ hag, 7, 5 });
    change.progress.push_back({ *Jid::parse("crone1@shakespeare.lit"), 7, 5 });
    value(at.home, at.rooms().change(coven, change));

    CHECK(value(at.home, at.accounts().remove(account)));
    const auto left = value(at.home, at.rooms().load(coven));
    REQUIRE_EQ(left->members.size(), 1);
    CHECK_EQ(left->members[0].jid.text(), "crone1@shakespeare.lit");
    REQUIRE_EQ(left->progress.size(), 1);
    CHECK_EQ(left->progress[0].jid.text(), "crone1@shakespeare.lit");
    const auto ban = value(at.home, at.rooms().load(heath))->members;
    REQUIRE_EQ(ban.size(), 1);
    CHECK_EQ(ban[0], member("hag66@shakespeare.lit", Affiliation::outcast));
}
