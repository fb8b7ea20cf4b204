// SPDX-License-Identifier: Apache-2.0
#include "router/entity.hpp"

#include <doctest/doctest.h>

#include <string>

using namespace stonechat;

namespace {

struct Node : Entity {
    Node() : Entity(*Jid::parse("node@localhost")) {}
    using Entity::has_waiting;
    using Entity::run_waiting;
    using Entity::set_loading;
    using Entity::wait;

    void loaded()
    {
        set_loading(false);
        run_waiting();
    }
};

} // namespace

TEST_CASE("entity: callers wait until it is loaded, and go on in order")
{
    Node node;
    CHECK(node.address().text() == "node@localhost");
    CHECK(node.is_loading());
    std::string seen;
    node.wait([&seen] { seen += "a"; });
    node.wait([&seen] { seen += "b"; });
    node.run_waiting();
    CHECK(seen.empty());
    CHECK(node.has_waiting());
    node.loaded();
    CHECK(seen == "ab");
    CHECK_FALSE(node.has_waiting());
}

TEST_CASE("entity: a caller that starts another load makes those behind it wait for that")
{
    Node node;
    std::string seen;
    node.wait([&] {
        seen += "a";
        node.set_loading(true);
        node.wait([&seen] { seen += "c"; });
    });
    node.wait([&seen] { seen += "b"; });
    node.loaded();
    CHECK(seen == "a");
    node.loaded();
    CHECK(seen == "abc");
}

TEST_CASE("entity: it is idle at the second look in a row")
{
    Node node;
    CHECK_FALSE(node.is_idle_again(true));
    CHECK(node.is_idle_again(true));
    CHECK_FALSE(node.is_idle_again(false));
    CHECK_FALSE(node.is_idle_again(true));
}
