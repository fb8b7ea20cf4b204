// SPDX-License-Identifier: Apache-2.0
#include "router/delivery_queue.hpp"

#include <doctest/doctest.h>

#include <stdexcept>
#include <string>

using namespace stonechat;

TEST_CASE("arrivals: with nothing under way, what comes arrives at once")
{
    DeliveryQueue delivery_queue;
    CHECK(delivery_queue.is_empty());
    std::string seen;
    delivery_queue.append([&seen] { seen += "a"; });
    CHECK(seen == "a");
    CHECK(delivery_queue.is_empty());
}

TEST_CASE("arrivals: what is ready early waits for what came before it")
{
    DeliveryQueue delivery_queue;
    std::string seen;
    const auto first = delivery_queue.hold();
    const auto second = delivery_queue.hold();
    delivery_queue.append([&seen] { seen += "3"; });
    delivery_queue.ready(second, [&seen] { seen += "2"; });
    CHECK(seen.empty());
    delivery_queue.ready(first, [&seen] { seen += "1"; });
    CHECK(seen == "123");
    CHECK(delivery_queue.is_empty());
}

TEST_CASE("arrivals: what an arrival causes comes behind what waits already")
{
    DeliveryQueue delivery_queue;
    std::string seen;
    const auto first = delivery_queue.hold();
    delivery_queue.append([&seen] { seen += "2"; });
    delivery_queue.ready(first, [&delivery_queue, &seen] {
        seen += "1";
        delivery_queue.append([&seen] { seen += "3"; });
        CHECK_FALSE(delivery_queue.is_empty());
    });
    CHECK(seen == "123");
}

TEST_CASE("arrivals: one that breaks does not hold up the others")
{
    DeliveryQueue delivery_queue;
    std::string seen;
    const auto first = delivery_queue.hold();
    delivery_queue.append([&seen] { seen += "2"; });
    CHECK_THROWS(delivery_queue.ready(first, [] { throw std::runtime_error("broken"); }));
    CHECK(seen == "2");
    CHECK(delivery_queue.is_empty());
    delivery_queue.append([&seen] { seen += "3"; });
    CHECK(seen == "23");
}
