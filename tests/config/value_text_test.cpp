// SPDX-License-Identifier: Apache-2.0
#include "config/suggestion.hpp"
#include "config/value_text.hpp"

#include <doctest/doctest.h>

using namespace stonechat;

TEST_CASE("value text: sizes")
{
    CHECK(parse_bytes("512") == 512);
    CHECK(parse_bytes("512 B") == 512);
    CHECK(parse_bytes("256 KiB") == 262'144);
    CHECK(parse_bytes("16MiB") == 16'777'216);
    CHECK(parse_bytes("2 GiB") == 2'147'483'648);
    for (const char* bad : { "", " ", "KiB", "-1", "-1 KiB", "1.5 KiB", "1 kB", "1 KiB ",
             "9223372036854775807 KiB", "99999999999999999999", "0x10" }) {
        CHECK_MESSAGE(parse_bytes(bad) == std::nullopt, bad);
    }
}

TEST_CASE("value text: durations")
{
    CHECK(parse_duration("250 ms") == 250);
    CHECK(parse_duration("30 s") == 30'000);
    CHECK(parse_duration("10min") == 600'000);
    CHECK(parse_duration("2 h") == 7'200'000);
    CHECK(parse_duration("1 day") == 86'400'000);
    CHECK(parse_duration("7 days") == 604'800'000);
    CHECK(parse_duration("0") == 0);
    for (const char* bad : { "", "30", "s", "-1 s", "1 m", "1 month", "1 h 30 min", "106751991168 days" }) {
        CHECK_MESSAGE(parse_duration(bad) == std::nullopt, bad);
    }
}

TEST_CASE("value text: what is printed reads as the same")
{
    for (const std::int64_t value :
        { 0LL, 1LL, 1023LL, 1024LL, 1500LL, 60'000LL, 86'400'000LL, 172'800'000LL, 1LL << 40 }) {
        CHECK(parse_bytes(print_bytes(value)) == value);
        CHECK(parse_duration(print_duration(value)) == value);
    }
    CHECK(print_bytes(262'144) == "256 KiB");
    CHECK(print_duration(86'400'000) == "1 day");
    CHECK(print_duration(90'000) == "90 s");
}

TEST_CASE("value text: quotes, backslashes and control characters are escaped")
{
    CHECK(quote_toml("a\"b\\c\n\x7f") == "\"a\\\"b\\\\c\\u000A\\u007F\"");
}

TEST_CASE("suggestion: the distance counts inserted, removed, replaced and swapped letters")
{
    CHECK(edit_distance("", "abc") == 3);
    CHECK(edit_distance("stanza_byte", "stanza_bytes") == 1);
    CHECK(edit_distance("lgoin", "login") == 1);
    CHECK(edit_distance("depth", "width") == 3);
    CHECK(edit_distance("same", "same") == 0);
}

TEST_CASE("suggestion: the nearest word, or none if all are far")
{
    const std::vector<std::string> words { "stanza_bytes", "rate_bytes", "depth" };
    CHECK(nearest("stanza_byte", words) == "stanza_bytes");
    CHECK(nearest("stanza", words) == "stanza_bytes");
    CHECK(nearest("dept", words) == "depth");
    CHECK(nearest("zebra", words) == std::nullopt);
    CHECK(nearest("", words) == std::nullopt);
    CHECK(nearest(std::string(100'000, 'x'), words) == std::nullopt);
}
