// SPDX-License-Identifier: Apache-2.0
#include "archive_house.hpp"

#include <doctest/doctest.h>

#include <algorithm>
#include <random>

using namespace stonechat;
using namespace stonechat::test;
using namespace std::chrono_literals;

namespace {

enum class Direction { forward, backward };

/// Goes through all pages; the ids as a client puts them together.
std::vector<std::string> walk(Client& client, const std::string& form, Direction direction, bool flip,
    std::size_t max)
{
    std::vector<std::string> all;
    std::string end;
    for (int pages = 0; pages < 1000; ++pages) {
        const bool back = direction == Direction::backward;
        std::string set = "<max>" + std::to_string(max) + "</max>";
        if (back) {
            set += "<before>" + end + "</before>";
        } else if (!end.empty()) {
            set += "<after>" + end + "</after>";
        }
        auto page = ArchiveHouse::search(client,
            form + ArchiveHouse::rsm(set) + (flip ? "<flip-page/>" : ""));
        REQUIRE(page.verdict == "result");
        REQUIRE(page.ids.size() <= max);
        if (flip) {
            std::reverse(page.ids.begin(), page.ids.end());
        }
        if (!page.ids.empty()) {
            REQUIRE(page.first == page.ids.front());
            REQUIRE(page.last == page.ids.back());
            all.insert(back ? all.begin() : all.end(), page.ids.begin(), page.ids.end());
            end = back ? page.first : page.last;
        }
        if (page.complete()) {
            return all;
        }
        REQUIRE(!page.ids.empty());
    }
    FAIL("there is no end");
    return all;
}

} // namespace

// XEP-0313 §4.2-3 §4.3.1-1
TEST_CASE("archive: paging visits each message once and in order, whichever way, however large the pages")
{
    std::mt19937 random(31);
    const auto any = [&random](int most) { return std::uniform_int_distribution<int>(0, most)(random); };
    for (int round = 0; round < 4; ++round) {
        ArchiveHouse world;
        world.set("archive", "max_page_bytes", std::int64_t(round % 2 == 0 ? 512 * 1024 : 1024));
        const int messages = any(60);
        for (int i = 0; i < messages; ++i) {
            world.clock.advance(std::chrono::milliseconds(any(1) * any(5000)));
            const std::string body(static_cast<std::size_t>(1 + any(600)), 'x');
            const char* to = any(2) == 0 ? "mercutio@localhost" : "juliet@localhost";
            world.say(*world.romeo, to, "m" + std::to_string(i), body);
        }
        for (const std::string& form :
            { std::string(), world.form(world.field("with", "juliet@localhost")) }) {
            const auto all = walk(*world.romeo, form, Direction::forward, false, 100);
            CHECK(std::is_sorted(all.begin(), all.end()));
            for (const std::size_t max : { 1U, 2U, 7U, 59U }) {
                for (const bool flip : { false, true }) {
                    CHECK(walk(*world.romeo, form, Direction::forward, flip, max) == all);
                    CHECK(walk(*world.romeo, form, Direction::backward, flip, max) == all);
                }
            }
            if (form.empty()) {
                CHECK(all.size() == static_cast<std::size_t>(messages));
            }
        }
    }
}
