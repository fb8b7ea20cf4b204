// SPDX-License-Identifier: Apache-2.0
#include "base/queue.hpp"

#include <doctest/doctest.h>

#include <algorithm>
#include <deque>
#include <memory>
#include <random>

using namespace stonechat;

TEST_CASE("queue: behaves like a deque, whatever the order of coming and going")
{
    std::mt19937 random(7);
    Queue<int> queue;
    std::deque<int> expected;
    for (int i = 0; i < 50'000; ++i) {
        // Waves: it grows to some hundreds, then drains.
        const bool grows = random() % 100 < (i / 1000 % 2 == 0 ? 70u : 30u);
        if (grows || expected.empty()) {
            queue.push_back(i);
            expected.push_back(i);
        } else {
            REQUIRE(queue.front() == expected.front());
            queue.pop_front();
            expected.pop_front();
        }
        REQUIRE(queue.size() == expected.size());
        REQUIRE(queue.empty() == expected.empty());
        if (i % 100 == 0) {
            REQUIRE(std::equal(queue.begin(), queue.end(), expected.begin(), expected.end()));
        }
        if (!expected.empty()) {
            const std::size_t place = random() % expected.size();
            REQUIRE(queue[place] == expected[place]);
        }
    }
}

TEST_CASE("queue: what is taken out is destroyed at once")
{
    Queue<std::shared_ptr<int>> queue;
    const auto watched = std::make_shared<int>(1);
    for (int i = 0; i < 5; ++i) {
        queue.push_back(watched);
    }
    queue.pop_front();
    CHECK(watched.use_count() == 5);
    while (!queue.empty()) {
        queue.pop_front();
    }
    CHECK(watched.use_count() == 1);
}
