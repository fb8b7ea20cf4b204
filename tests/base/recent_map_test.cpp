// SPDX-License-Identifier: Apache-2.0
#include "base/recent_map.hpp"

#include <doctest/doctest.h>

#include <string>

using namespace stonechat;

TEST_CASE("recent map: what is used stays, what is not goes, and never more than the capacity is there")
{
    RecentMap<int, std::string> map(100);
    map[-1] = "kept";
    map[-2] = "forgotten";
    for (int i = 0; i < 10'000; ++i) {
        map[i] = "new";
        CHECK(map.size() <= 100);
        if (i % 10 == 0) {
            REQUIRE(map.find(-1) != nullptr);
        }
    }
    CHECK(*map.find(-1) == "kept");
    CHECK(map.find(-2) == nullptr);
    for (int i = 9'950; i < 10'000; ++i) {
        CHECK(map.find(i) != nullptr);
    }
}

TEST_CASE("recent map: an entry is one, in whichever generation it is")
{
    RecentMap<int, int> map(4);
    map[1] = 1;
    map[2] = 2;
    map[3] = 3; // 1 and 2 are the old generation
    map[1] += 10;
    CHECK(map[1] == 11);
    CHECK(map.size() == 3);
    map.erase(2);
    map.erase(1);
    CHECK(map.find(1) == nullptr);
    CHECK(map.size() == 1);
}
