// SPDX-License-Identifier: Apache-2.0
// What an account's archive may take, and what goes when it is more.
#include "archive_house.hpp"

#include "router/archive_quota.hpp"

#include <doctest/doctest.h>

using namespace stonechat;
using namespace stonechat::test;

namespace {

struct Filling : ArchiveHouse {
    /// One writes to Romeo, so many times, a hundred bytes and more each.
    void write(Client& from, int count)
    {
        for (int i = 0; i < count; ++i) {
            const std::string number = std::to_string(++count_);
            say(from, "romeo@localhost", number, std::string(100, 'x') + number);
        }
        run();
    }

    std::size_t number_of(Client& client) { return search(client, rsm("<max>100</max>")).bodies.size(); }
    std::uint64_t size()
    {
        auto asking = host().storage().archive().size({ "localhost", "romeo" });
        std::uint64_t size = 0;
        std::move(asking).then([&size](const Result<std::uint64_t, StoreError>& bytes) { size = *bytes; });
        run();
        return size;
    }
    void befriend_juliet()
    {
        romeo->says("<iq type='set' id='r'><query xmlns='jabber:iq:roster'><item jid='juliet@localhost'/>"
                    "</query></iq>");
    }
    void choose(const std::string& bytes)
    {
        KeyvalStore::Changes changes;
        changes.emplace_back(archive_quota_key, bytes.empty() ? std::nullopt : std::optional(bytes));
        host().storage().keyval().apply({ "localhost", "romeo" }, archive_quota_store, changes);
        run();
        host().handlers().run_moment(host().handlers().on_changed(),
            Context { host(), host().find_user("romeo") });
    }

    int count_ = 0;
};

} // namespace

TEST_CASE("archive quota: the oldest messages go when there is too much, and the others keep theirs")
{
    Filling world;
    world.befriend_juliet();
    world.set("archive", "quota_bytes", std::int64_t(4000));
    world.write(*world.juliet, 60);
    CHECK(world.size() <= 4000);
    CHECK(world.size() >= 3200 - 300);
    const auto left = world.search(*world.romeo).bodies;
    CHECK(left.size() > 8);
    CHECK(left.back().ends_with("60"));
    CHECK(world.number_of(*world.juliet) < 60); // hers has the same quota
    world.set("archive", "quota_bytes", std::int64_t(0));
    world.write(*world.juliet, 40);
    CHECK(world.size() > 4000);
}

TEST_CASE("archive quota: an administrator's choice for an account goes before that of the host, at once")
{
    Filling world;
    world.befriend_juliet();
    world.set("archive", "quota_bytes", std::int64_t(4000));
    world.choose("0");
    world.write(*world.juliet, 40);
    CHECK(world.size() > 8000);
    world.choose("2000");
    world.write(*world.juliet, 1);
    CHECK(world.size() <= 2000);
    world.choose("");
    world.write(*world.juliet, 12);
    CHECK(world.size() > 2000);
    world.write(*world.juliet, 40);
    CHECK(world.size() <= 4000);
}

TEST_CASE("archive quota: a stranger drives out nothing; what he writes still comes")
{
    Filling world;
    world.befriend_juliet();
    world.set("archive", "quota_bytes", std::int64_t(8000));
    while (world.size() < 7300) {
        world.write(*world.juliet, 1);
    }
    const auto before = world.search(*world.romeo).bodies;
    world.romeo->hears();
    world.write(*world.mercutio, 30);
    CHECK(world.romeo->hears().size() == 30);
    CHECK(world.search(*world.romeo).bodies == before);
    CHECK(world.number_of(*world.mercutio) == 30);
    // Whom he writes to himself is another matter, and so are contacts.
    world.write(*world.juliet, 1);
    CHECK(world.search(*world.romeo).bodies.size() == before.size() + 1);
}

TEST_CASE("archive quota: what is kept of an administrator's choice is a number or nothing")
{
    CHECK(archive_quota_in("12345") == 12345);
    CHECK(archive_quota_in("0") == no_quota);
    for (const char* broken : { "", "-1", "1 GiB", "x", "99999999999999999999999" }) {
        CAPTURE(broken);
        CHECK_FALSE(archive_quota_in(broken).has_value());
    }
}

TEST_CASE("archive quota: what comes while a check is under way is not forgotten")
{
    ArchiveQuota archive;
    CHECK(archive.count(100, 4000)); // nothing is known yet
    archive.begin_check(100);
    CHECK_FALSE(archive.count(3950, 4000));            // one check at a time
    CHECK(archive.end_check(std::uint64_t(50), 4000)); // the store had not seen these two
    CHECK_FALSE(archive.end_check(std::uint64_t(3200), 4000));
    CHECK_FALSE(archive.count(800, 4000));
    CHECK(archive.count(1, 4000));
}

TEST_CASE("archive quota: what changes while a check is under way is looked at again")
{
    constexpr std::uint64_t taken = 50;
    ArchiveQuota archive;
    CHECK(archive.count(100, 4000));
    archive.begin_check(100);
    archive.reconsider();
    CHECK(archive.end_check(taken, 4000));       // this size may be the one before the change
    CHECK_FALSE(archive.end_check(taken, 4000)); // and this is the one after it
    CHECK_FALSE(archive.count(100, 4000));
    archive.reconsider();
    CHECK(archive.count(100, 4000));
    archive.begin_check(100);
    CHECK_FALSE(archive.end_check(taken, 4000));
}

TEST_CASE("archive quota: a check that fails is made with the next message, whatever changed meanwhile")
{
    ArchiveQuota archive;
    archive.begin_check(100);
    archive.reconsider();
    CHECK_FALSE(archive.end_check(StoreError::unavailable, 4000));
    CHECK(archive.count(100, 4000));
    archive.begin_check(100);
    CHECK_FALSE(archive.end_check(std::uint64_t(50), 4000));
}
