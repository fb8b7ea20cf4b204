// SPDX-License-Identifier: Apache-2.0
#include "muc/room_hats.hpp"

#include "xmpp/ns.hpp"

#include <doctest/doctest.h>

#include <map>
#include <string>
#include <vector>

using namespace stonechat;

namespace {

const Jid terry = *Jid::parse("terry.anderson@example.edu");
const Jid harry = *Jid::parse("harry@example.edu");

Hat hat(std::string uri, std::string title)
{
    Hat hat;
    hat.uri = std::move(uri);
    hat.title = std::move(title);
    return hat;
}

RoomHats two_hats()
{
    RoomHats hats;
    hats.apply(RoomHats::put(hat("urn:hats:b", "Host")));
    hats.apply(RoomHats::put(hat("urn:hats:a", "Assistant")));
    return hats;
}

/// What is in the store after `changes`, read by who knows nothing else.
RoomHats stored(const std::vector<RoomHats::Changes>& all)
{
    std::map<std::string, std::string> entries;
    for (const auto& changes : all) {
        for (const auto& [name, value] : changes) {
            if (value) {
                entries.insert_or_assign(name, *value);
            } else {
                entries.erase(name);
            }
        }
    }
    RoomHats hats;
    hats.apply(RoomHats::Changes(entries.begin(), entries.end()));
    return hats;
}

std::vector<std::string> shown(const RoomHats& hats, const Jid& user)
{
    Element presence("presence", ns::client);
    hats.add_to(presence, user);
    std::vector<std::string> uris;
    if (const Element* all = presence.child("hats", ns::hats)) {
        for (const Element* each : all->children()) {
            uris.emplace_back(each->attribute_or("uri"));
        }
    }
    return uris;
}

} // namespace

TEST_CASE("room hats: what is stored gives the same hats on the same heads")
{
    Hat host = hat("urn:hats:b", "Host <&'\"> of the day");
    host.hue = "327.255249";
    host.lang = "en-us";
    std::vector<RoomHats::Changes> all { RoomHats::put(hat("urn:hats:a", "Assistant")), RoomHats::put(host) };
    RoomHats hats = stored(all);
    for (const Hat& each : { hat("urn:hats:a", ""), host }) {
        all.push_back(hats.assign(terry, each.uri));
        hats.apply(all.back());
    }
    const RoomHats again = stored(all);
    CHECK(again.all() == hats.all());
    CHECK(again.wearers() == hats.wearers());
    REQUIRE(again.find("urn:hats:b") != nullptr);
    CHECK(*again.find("urn:hats:b") == host);
    CHECK(shown(again, terry) == std::vector<std::string> { "urn:hats:a", "urn:hats:b" });
}

TEST_CASE("room hats: a hat that is destroyed goes from every head, and nobody is kept who wears none")
{
    RoomHats hats = two_hats();
    hats.apply(hats.assign(terry, "urn:hats:a"));
    hats.apply(hats.assign(harry, "urn:hats:a"));
    hats.apply(hats.assign(harry, "urn:hats:b"));
    CHECK(hats.worn() == 3);
    const auto changes = hats.destroy("urn:hats:a");
    CHECK(changes.size() == 3);
    hats.apply(changes);
    CHECK(hats.find("urn:hats:a") == nullptr);
    CHECK(hats.wearers().size() == 1);
    CHECK(shown(hats, harry) == std::vector<std::string> { "urn:hats:b" });
    CHECK(shown(hats, terry).empty());
}

TEST_CASE("room hats: they are a user's, whatever his device")
{
    RoomHats hats = two_hats();
    hats.apply(hats.assign(*terry.with_resource("phone"), "urn:hats:a"));
    CHECK(hats.wears(terry, "urn:hats:a"));
    CHECK_FALSE(hats.wears(harry, "urn:hats:a"));
    CHECK(hats.who_wears("urn:hats:a").contains(terry.text()));
    hats.apply(hats.unassign(terry, "urn:hats:a"));
    CHECK(hats.wearers().empty());
}

TEST_CASE("room hats: who wears none has no element, and entries that nobody here wrote do no harm")
{
    RoomHats hats = two_hats();
    CHECK(shown(hats, terry).empty());
    hats.apply({ { "other", "x" }, { "hat urn:hats:c", "<broken" },
        { "of harry@example.edu", "no line end" } });
    CHECK(hats.all().size() == 2);
    CHECK(hats.wearers().empty());
}
