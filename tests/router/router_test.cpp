// SPDX-License-Identifier: Apache-2.0
#include "router/router.hpp"

#include "support/example_module.hpp"

#include <doctest/doctest.h>

using namespace stonechat;
using namespace stonechat::test;

namespace {

struct Square : World {
    Square()
        : World(example_module([this](Handlers& on) {
              on.presence(Flow::to_user, Stage::deliver, [this](Presence presence, const Context& context) {
                  seen.push_back(presence.to().text() + " by " + context.user->jid().text());
                  return Verdict::done();
              });
          }))
    {
        account("romeo");
        account("juliet");
        romeo = connects("romeo@localhost/orchard");
    }

    Lines seen;
    ClientPtr romeo;
};

} // namespace

// RFC 6120 §10.4.3-1
TEST_CASE("router: a domain that is not served here is remote-server-not-found (RFC 6120 §10.4)")
{
    Square world;
    world.romeo->says("<message id='m' to='juliet@elsewhere.example'><body>x</body></message>");
    CHECK(world.romeo->hears() == Lines { "error remote-server-not-found m" });
    CHECK(world.romeo->received.front().attribute_or("from") == "juliet@elsewhere.example");
}

// RFC 6120 §8.3.1-1
TEST_CASE("router: errors and results are never answered (RFC 6120 §8.3.1, HOSTILE A54)")
{
    Square world;
    const std::string error =
        "<error type='cancel'><gone xmlns='urn:ietf:params:xml:ns:xmpp-stanzas'/></error>";
    for (const char* to : { "x@elsewhere.example", "nobody@localhost", "juliet@localhost", "localhost",
             "juliet@localhost/gone" }) {
        const std::string address = "' to='" + std::string(to) + "'>";
        world.romeo->says("<message id='m' type='error" + address + error + "</message>");
        world.romeo->says("<presence id='p' type='error" + address + error + "</presence>");
        world.romeo->says("<iq id='e' type='error" + address + error + "</iq>");
        world.romeo->says("<iq id='r' type='result" + address + "</iq>");
    }
    CHECK(world.romeo->hears().empty());
    CHECK(world.romeo->is_settled());
}

TEST_CASE("router: a refusal is counted and goes back to the sender's full address")
{
    Square world;
    const auto before = world.router().counters().refused;
    const Stanza request = Stanza::iq(world.romeo->jid(), *Jid::parse("juliet@localhost"), IqType::get, "i1");
    world.router().refuse(request, StanzaError(StanzaError::forbidden));
    CHECK(world.romeo->hears() == Lines { "error forbidden i1" });
    CHECK(world.router().counters().refused == before + 1);
}

TEST_CASE(
    "router: what fans out reaches accounts with sessions, each under its own address, and loads nobody")
{
    Square world;
    auto juliet = world.connects("juliet@localhost/balcony");
    const auto presence = std::make_shared<const Stanza>(Stanza::presence(world.romeo->jid(), Jid()));
    world.account("tybalt");
    world.router().fan_out(presence,
        { *Jid::parse("juliet@localhost"), *Jid::parse("tybalt@localhost"),
            *Jid::parse("x@elsewhere.example"), *Jid::parse("romeo@localhost") });
    world.run();
    CHECK(world.seen
        == Lines { "juliet@localhost by juliet@localhost",
            "romeo@localhost/orchard by romeo@localhost", // the error of elsewhere.example, which nobody
                                                          // takes
            "romeo@localhost by romeo@localhost" });
    CHECK(world.host().find_user("tybalt") == nullptr);
}

TEST_CASE("router: presence for an account that nobody has loaded is dropped without loading it")
{
    Square world;
    world.romeo->says("<presence to='juliet@localhost'/>");
    world.romeo->says("<presence to='juliet@localhost' type='unavailable'/>");
    CHECK(world.host().find_user("juliet") == nullptr);
    CHECK(world.seen.empty());
    world.romeo->says("<presence to='juliet@localhost' type='probe'/>");
    CHECK(world.seen == Lines { "juliet@localhost by juliet@localhost" });
}

TEST_CASE("router: hosts are found by their prepared name")
{
    Square world;
    CHECK(world.router().host("localhost") == &world.host());
    CHECK(world.router().host("Localhost") == nullptr);
    CHECK(world.router().host("") == nullptr);
    CHECK(world.server->serves("localhost"));
    CHECK_FALSE(world.server->serves("elsewhere.example"));
}
