// SPDX-License-Identifier: Apache-2.0
#include "router/arrivals.hpp"

#include <doctest/doctest.h>

#include <stdexcept>
#include <string>

using namespace stonechat;

TEST_CASE("arrivals: with nothing under way, what comes arrives at once")
{
    Arrivals arrivals;
    CHECK(arrivals.is_empty());
    std::string seen;
    arrivals.append([&seen] { seen += "a"; });
    CHECK(seen == "a");
    CHECK(arrivals.is_empty());
}

TEST_CASE("arrivals: what is ready early waits for what came before it")
{
    Arrivals arrivals;
    std::string seen;
    const auto first = arrivals.hold();
    const auto second = arrivals.hold();
    arrivals.append([&seen] { seen += "3"; });
    arrivals.ready(second, [&seen] { seen += "2"; });
    CHECK(seen.empty());
    arrivals.ready(first, [&seen] { seen += "1"; });
    CHECK(seen == "123");
    CHECK(arrivals.is_empty());
}

TEST_CASE("arrivals: what an arrival causes comes behind what waits already")
{
    Arrivals arrivals;
    std::string seen;
    const auto first = arrivals.hold();
    arrivals.append([&seen] { seen += "2"; });
    arrivals.ready(first, [&arrivals, &seen] {
        seen += "1";
        arrivals.append([&seen] { seen += "3"; });
        CHECK_FALSE(arrivals.is_empty());
    });
    CHECK(seen == "123");
}

TEST_CASE("arrivals: one that breaks does not hold up the others")
{
    Arrivals arrivals;
    std::string seen;
    const auto first = arrivals.hold();
    arrivals.append([&seen] { seen += "2"; });
    CHECK_THROWS(arrivals.ready(first, [] { throw std::runtime_error("broken"); }));
    CHECK(seen == "2");
    CHECK(arrivals.is_empty());
    arrivals.append([&seen] { seen += "3"; });
    CHECK(seen == "23");
}
