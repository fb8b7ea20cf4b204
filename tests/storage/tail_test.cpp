// SPDX-License-Identifier: Apache-2.0
#include "storage/sqlite/tail.hpp"

#include <doctest/doctest.h>

using namespace stonechat::sqlite;

namespace {

TailEntry entry(std::int64_t owner, std::int64_t peer, std::int64_t id)
{
    TailEntry made;
    made.owner = owner;
    made.peer = peer;
    made.id = id;
    return made;
}

std::vector<std::int64_t> ids(const std::vector<TailEntry>& entries)
{
    std::vector<std::int64_t> found;
    for (const auto& each : entries) {
        found.push_back(each.id);
    }
    return found;
}

using Ids = std::vector<std::int64_t>;

/// What an owner has, for whose snapshot has filed so much; nothing if that is too old.
std::optional<Ids> seen(const Tail& tail, std::int64_t owner, std::int64_t filed, std::int64_t above = 0,
    std::int64_t below = 100)
{
    Ids found;
    const bool whole = tail.look(owner, filed, above, below,
        [&found](const TailEntry& each) { found.push_back(each.id); });
    return whole ? std::optional(found) : std::nullopt;
}

} // namespace

TEST_CASE("tail: an owner's entries are there until they are filed, for whoever has not seen that")
{
    Tail tail(4);
    tail.add({ entry(1, 9, 10), entry(2, 1, 10) });
    tail.add({ entry(1, 5, 11), entry(1, 9, 12) });
    CHECK_EQ(seen(tail, 1, 0).value(), Ids { 10, 11, 12 });
    CHECK_EQ(seen(tail, 2, 0).value(), Ids { 10 });
    CHECK(seen(tail, 3, 0).value().empty());
    CHECK_EQ(seen(tail, 1, 0, 10).value(), Ids { 11, 12 });
    CHECK_EQ(seen(tail, 1, 0, 9, 12).value(), Ids { 10, 11 });
    CHECK_EQ(seen(tail, 1, 0, 12, 12).value(), Ids {});
    CHECK_EQ(ids(tail.sorted()), Ids { 11, 10, 12, 10 });

    tail.drop(11);
    CHECK_EQ(seen(tail, 1, 11).value(), Ids { 12 });
    CHECK(seen(tail, 2, 11).value().empty());
    // His snapshot is older: what he lacks is filed in a newer one, so he must not go on with this.
    CHECK_FALSE(seen(tail, 1, 10).has_value());
    CHECK_FALSE(seen(tail, 2, 10).has_value());
}

TEST_CASE("tail: says what an owner has between numbers, and which of it is the newest")
{
    Tail tail(4);
    tail.add({ entry(1, 9, 10), entry(1, 5, 11), entry(1, 9, 14), entry(2, 9, 20) });
    CHECK(tail.has(1, 0, 11));
    CHECK(tail.has(1, 10, 12));
    CHECK_FALSE(tail.has(1, 11, 14));
    CHECK_FALSE(tail.has(1, 14, 30));
    CHECK_FALSE(tail.has(3, 0, 30));

    const auto of_nine = [](const TailEntry& each) { return each.peer == 9; };
    const auto of_five = [](const TailEntry& each) { return each.peer == 5; };
    CHECK_EQ(tail.newest(1, 0, of_nine).value(), 14);
    CHECK_EQ(tail.newest(1, 0, of_five).value(), 11);
    CHECK_FALSE(tail.newest(1, 11, of_five).has_value());
    CHECK_FALSE(tail.newest(3, 0, of_nine).has_value());
}
