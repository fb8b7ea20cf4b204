// SPDX-License-Identifier: Apache-2.0
#include "pubsub/item_answers.hpp"

#include "xmpp/ns.hpp"
#include "xmpp/serialize.hpp"

#include <doctest/doctest.h>

#include <string>

using namespace stonechat;

namespace {

Element request(const std::string& node)
{
    return Element("pubsub", ns::pubsub).with(Element("items", ns::pubsub).with_attribute("node", node));
}

Element answer(std::size_t bytes)
{
    return Element("pubsub", ns::pubsub).with_text(std::string(bytes, 'x'));
}

} // namespace

TEST_CASE("item answers: one is found for the same request and the same version of the node")
{
    ItemAnswers answers;
    CHECK(answers.find(1, request("bundles")) == nullptr);
    answers.add(1, request("bundles"), answer(10));
    REQUIRE(answers.find(1, request("bundles")) != nullptr);
    CHECK_EQ(*answers.find(1, request("bundles")), answer(10));
    CHECK(answers.find(2, request("bundles")) == nullptr);
    CHECK(answers.find(1, request("devices")) == nullptr);
}

TEST_CASE("item answers: what nobody asks for makes room, what is asked for stays")
{
    ItemAnswers answers(100'000);
    answers.add(1, request("asked"), answer(5'000));
    answers.add(1, request("forgotten"), answer(5'000));
    for (std::uint64_t version = 2; version < 50; ++version) {
        answers.add(version, request("other"), answer(5'000));
        REQUIRE(answers.find(1, request("asked")) != nullptr);
    }
    CHECK(answers.find(1, request("forgotten")) == nullptr);
    CHECK(answers.find(2, request("other")) == nullptr);
    CHECK(answers.find(49, request("other")) != nullptr);
}

TEST_CASE("item answers: a very large one is not kept")
{
    ItemAnswers answers;
    answers.add(1, request("pictures"), answer(100'000));
    CHECK(answers.find(1, request("pictures")) == nullptr);
}
