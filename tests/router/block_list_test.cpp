// SPDX-License-Identifier: Apache-2.0
#include "router/block_list.hpp"

#include <doctest/doctest.h>

using namespace stonechat;

namespace {

BlockList listing(std::string_view jid)
{
    BlockList list;
    list.add(*Jid::parse(jid));
    return list;
}

bool covers(const BlockList& list, std::string_view jid)
{
    return list.covers(*Jid::parse(jid));
}

} // namespace

TEST_CASE("block list: a bare address covers all of its resources and nobody else")
{
    const BlockList list = listing("romeo@montague.example");
    CHECK(covers(list, "romeo@montague.example"));
    CHECK(covers(list, "romeo@montague.example/orchard"));
    CHECK_FALSE(covers(list, "juliet@montague.example"));
    CHECK_FALSE(covers(list, "romeo@capulet.example"));
    CHECK_FALSE(covers(list, "montague.example"));
}

TEST_CASE("block list: a full address covers that resource only")
{
    const BlockList list = listing("romeo@montague.example/orchard");
    CHECK(covers(list, "romeo@montague.example/orchard"));
    CHECK_FALSE(covers(list, "romeo@montague.example/garden"));
    CHECK_FALSE(covers(list, "romeo@montague.example"));
}

TEST_CASE("block list: a domain covers everybody there, and not its subdomains")
{
    const BlockList list = listing("montague.example");
    CHECK(covers(list, "montague.example"));
    CHECK(covers(list, "romeo@montague.example"));
    CHECK(covers(list, "romeo@montague.example/orchard"));
    CHECK_FALSE(covers(list, "romeo@chat.montague.example"));
}

TEST_CASE("block list: an address stands in it once")
{
    BlockList list = listing("romeo@montague.example");
    list.add(*Jid::parse("romeo@montague.example"));
    CHECK(list.jids().size() == 1);
    list.remove(*Jid::parse("romeo@montague.example"));
    CHECK(list.empty());
    CHECK_FALSE(covers(list, "romeo@montague.example"));
}
