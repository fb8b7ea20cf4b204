// SPDX-License-Identifier: Apache-2.0
#include "base/random.hpp"

#include <doctest/doctest.h>

#include <set>

using namespace stonechat;

TEST_CASE("random: may be prepared more than once")
{
    initialise_randomness();
    initialise_randomness();
}

TEST_CASE("random: bytes are as many as asked for, and never the same")
{
    initialise_randomness();
    CHECK(random_bytes(0).empty());
    CHECK(random_bytes(33).size() == 33);
    CHECK(random_bytes(16) != random_bytes(16));
}

TEST_CASE("random: identifiers are URL-safe, of known length and all different")
{
    initialise_randomness();
    CHECK(random_id().size() == 20);
    CHECK(random_id(16).size() == 22);
    CHECK(random_id(0).empty());
    std::set<std::string> seen;
    for (int i = 0; i < 1000; ++i) {
        const std::string id = random_id();
        CHECK(id.find_first_not_of("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_")
            == std::string::npos);
        CHECK(seen.insert(id).second);
    }
}

TEST_CASE("random: comparing in constant time tells equal from different")
{
    CHECK(equal_in_constant_time("secret", "secret"));
    CHECK(equal_in_constant_time("", ""));
    CHECK_FALSE(equal_in_constant_time("secret", "secreT"));
    CHECK_FALSE(equal_in_constant_time("secret", "secret "));
    CHECK_FALSE(equal_in_constant_time(std::string_view("a\0b", 3), std::string_view("a\0c", 3)));
}
