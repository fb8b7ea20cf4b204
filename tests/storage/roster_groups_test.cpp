// SPDX-License-Identifier: Apache-2.0
#include "storage/sqlite/roster_groups.hpp"

#include <doctest/doctest.h>

using namespace stonechat::sqlite;

namespace {

using Groups = std::vector<std::string>;

} // namespace

TEST_CASE("roster groups: any texts come back as they were")
{
    for (const auto& groups : { Groups {}, Groups { "" }, Groups { "Friends", "", std::string("a\0b", 3) },
             Groups { std::string(70'000, 'x'), "Über" } }) {
        CHECK_EQ(decode_groups(encode_groups(groups)), groups);
    }
}

TEST_CASE("roster groups: bytes that were cut off or never written by us are refused")
{
    const auto whole = encode_groups({ "Friends", "Work" });
    const auto first = encode_groups({ "Friends" }).size();
    for (std::size_t size = 1; size < whole.size(); ++size) {
        CHECK_EQ(decode_groups(whole.substr(0, size)).has_value(), size == first);
    }
    CHECK_FALSE(decode_groups("\xff\xff\xff\xffx").has_value());
}
