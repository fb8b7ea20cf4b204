// SPDX-License-Identifier: Apache-2.0
// One door for whoever takes stanzas: a stand-in for the servers of other domains gets what is for them, in
// whatever way it leaves, and without it nothing is dropped in silence.
#include "router/destination.hpp"

#include "router/router.hpp"
#include "support/example_module.hpp"
#include "xmpp/ns.hpp"

#include <doctest/doctest.h>

using namespace stonechat;
using namespace stonechat::test;

namespace {

/// What federation will be: takes everything for foreign domains, on the shard of the domain.
class RemoteDomains final : public Destination {
public:
    Placement placement() const override { return Placement::by_domain; }
    void deliver(Stanza stanza, Settlement settlement) override
    {
        taken.push_back(stanza.to().text() + " " + std::string(stanza.id()) + " from "
            + stanza.from().text());
        std::move(settlement).settle();
    }

    Lines taken;
};

struct TwoServers : World {
    TwoServers() : World(example_module([](Handlers&) {}))
    {
        account("romeo");
        romeo = connects("romeo@localhost/orchard");
    }

    RemoteDomains remote;
    ClientPtr romeo;
    const Jid juliet = *Jid::parse("juliet@elsewhere.example/balcony");
    const Jid nurse = *Jid::parse("nurse@elsewhere.example/hall");
};

Stanza presence_of(const Client& client, const std::string& id)
{
    Stanza presence = Stanza::presence(client.jid(), Jid());
    presence.element().set_attribute("id", id);
    return presence;
}

} // namespace

TEST_CASE("destination: what is for other domains comes to whoever takes it, by each way out of the router")
{
    TwoServers world;
    world.router().set_remote(world.remote);
    world.romeo->says("<message id='m' to='juliet@elsewhere.example'><body>x</body></message>");
    CHECK(world.remote.taken == Lines { "juliet@elsewhere.example m from romeo@localhost/orchard" });
    world.remote.taken.clear();

    const auto shown = std::make_shared<const Stanza>(presence_of(*world.romeo, "p"));
    world.router().fan_out(shown,
        { world.juliet.bare(), *Jid::parse("romeo@localhost"), world.nurse.bare() });
    CHECK(world.remote.taken
        == Lines { "juliet@elsewhere.example p from romeo@localhost/orchard",
            "nurse@elsewhere.example p from romeo@localhost/orchard" });
    world.remote.taken.clear();

    const auto said = std::make_shared<Stanza>(presence_of(*world.romeo, "q"));
    said->serialize_for_many();
    const auto to_juliet = std::make_shared<const Recipient>(Recipient { world.juliet, 0 });
    auto audience = std::make_shared<Audience>(1);
    audience->add(to_juliet);
    world.router().multicast(said, audience);
    const auto bytes = std::make_shared<const WireForm>(std::as_const(*said).element(), ns::client);
    world.router().unicast(to_juliet, { bytes }, world.romeo->jid());
    CHECK(world.remote.taken == Lines(2, "juliet@elsewhere.example/balcony q from romeo@localhost/orchard"));
    CHECK(world.romeo->hears().empty());
}

// RFC 6120 §10.4.3-1
TEST_CASE("destination: what goes to many is answered where nobody takes it, and the others get it")
{
    TwoServers world;
    world.account("mercutio");
    auto mercutio = world.connects("mercutio@localhost/street");
    Stanza message = Stanza::message(world.romeo->jid(), Jid());
    message.element().set_attribute("id", "p");
    const auto said = std::make_shared<const Stanza>(std::move(message));
    world.router().fan_out(said, { world.juliet.bare(), mercutio->jid() });
    CHECK(world.romeo->hears() == Lines { "error remote-server-not-found p" });
    REQUIRE(world.romeo->received.size() == 1);
    CHECK(world.romeo->received.front().attribute_or("from") == "juliet@elsewhere.example");
    CHECK(mercutio->hears() == Lines { "message p from romeo@localhost/orchard" });
}

TEST_CASE("destination: hosts and services are found before whoever takes the rest")
{
    TwoServers world;
    CHECK(world.router().destination("elsewhere.example") == nullptr);
    world.router().set_remote(world.remote);
    CHECK(world.router().destination("elsewhere.example") == &world.remote);
    CHECK(world.router().destination("localhost") == &world.host());
    CHECK(world.router().shard_for(*Jid::parse("localhost")) == world.shard.index());
}
