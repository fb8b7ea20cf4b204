// SPDX-License-Identifier: Apache-2.0
#include "router/requests.hpp"

#include "router/domain_service.hpp"
#include "support/example_module.hpp"
#include "xmpp/ns.hpp"

#include <doctest/doctest.h>

using namespace stonechat;
using namespace stonechat::test;

namespace {

/// A service that asks clients who they are, as a service of rooms or of pubsub does (XEP-0115 section 6.2).
class Curious final : public DomainService {
public:
    explicit Curious(World& world) : world_(world)
    {
        world_.router().add_service("curious.localhost", *this);
    }

    void ask(const Jid& whom)
    {
        world_.host().requests().ask(*Jid::parse("curious.localhost"), whom, IqType::get,
            Element("query", ns::disco_info), [this](const Stanza* answer) {
                answers.push_back(answer == nullptr ? "none" : std::string(answer->from().text()));
            });
    }
    void deliver(Stanza stanza, Settlement settlement) override
    {
        if (stanza.kind() == StanzaKind::iq && !stanza.is_request()) {
            world_.host().requests().take(std::move(stanza));
        }
        std::move(settlement).settle();
    }
    Task<bool> forget_account(Jid) override { co_return true; }

    Lines answers;

private:
    World& world_;
};

struct Scene : World {
    Scene() : World(example_module([](Handlers&) {})), curious(*this)
    {
        account("romeo");
        account("juliet");
        romeo = connects("romeo@localhost/orchard");
        juliet = connects("juliet@localhost/balcony");
    }

    Curious curious;
    ClientPtr romeo;
    ClientPtr juliet;
};

/// The answer to the request that the client has got.
std::string result_for(Client& client)
{
    client.hears();
    return "<iq type='result' to='curious.localhost' id='"
        + std::string(client.received.at(0).attribute_or("id")) + "'/>";
}

} // namespace

TEST_CASE("requests: a service gets the answer of the client that it asked")
{
    Scene scene;
    scene.curious.ask(scene.romeo->jid());
    scene.run();
    scene.romeo->says(result_for(*scene.romeo));
    CHECK(scene.curious.answers == Lines { "romeo@localhost/orchard" });
    CHECK(scene.host().requests().size() == 0);
}

TEST_CASE("requests: nobody answers for somebody else, and nobody twice")
{
    Scene scene;
    scene.curious.ask(scene.romeo->jid());
    scene.run();
    const std::string result = result_for(*scene.romeo);
    scene.juliet->says(result);
    CHECK(scene.curious.answers.empty());
    scene.romeo->says(result);
    scene.romeo->says(result);
    CHECK(scene.curious.answers.size() == 1);
}
