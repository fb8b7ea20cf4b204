// SPDX-License-Identifier: Apache-2.0
#include "modules/directed_presences.hpp"

#include <doctest/doctest.h>

using namespace stonechat;

namespace {

Jid room(int number)
{
    return *Jid::parse("room" + std::to_string(number) + "@conference.localhost/romeo");
}

std::string all(const DirectedPresences& presences)
{
    std::string text;
    for (const auto& [to, content] : presences.all()) {
        text += std::string(to.local()) + "=" + *content + " ";
    }
    return text;
}

} // namespace

TEST_CASE("directed presences: the last one to each address is kept")
{
    DirectedPresences presences;
    presences.keep(room(2), "a");
    presences.keep(room(1), "a");
    presences.keep(room(2), "b");
    CHECK(all(presences) == "room1=a room2=b ");
    presences.forget(room(1));
    presences.forget(room(3));
    CHECK(all(presences) == "room2=b ");
    presences.keep(*Jid::parse("room2@conference.localhost/montague"), "c");
    presences.keep(room(3), "b");
    presences.forget_bare(room(2));
    CHECK(all(presences) == "room3=b ");
}

TEST_CASE("directed presences: what all are told is kept once, and gives its room back when it goes")
{
    DirectedPresences presences;
    const std::string large(DirectedPresences::most_bytes, 'x');
    presences.keep(room(1), large);
    presences.keep(room(2), large);
    const auto kept = presences.all();
    REQUIRE(kept.size() == 2);
    CHECK(kept[0].second == kept[1].second);
    presences.forget(room(1));
    presences.keep(room(3), "y"); // there is no room for it
    CHECK(presences.all().size() == 1);
    presences.keep(room(2), "y");
    presences.keep(room(3), large.substr(1));
    CHECK(presences.all().size() == 2);
}

TEST_CASE("directed presences: one that is not kept leaves no older one behind")
{
    DirectedPresences presences;
    presences.keep(room(1), "a");
    presences.keep(room(1), std::string(DirectedPresences::most_bytes + 1, 'x'));
    CHECK(presences.empty());
}
