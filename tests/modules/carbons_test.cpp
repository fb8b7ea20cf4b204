// SPDX-License-Identifier: Apache-2.0
#include "house.hpp"

#include "xmpp/carbon.hpp"

#include <doctest/doctest.h>

using namespace stonechat;
using namespace stonechat::test;

namespace {

const std::string enable = "<enable xmlns='urn:xmpp:carbons:2'/>";
const std::string disable = "<disable xmlns='urn:xmpp:carbons:2'/>";

/// What a client has heard: "m1" for the message itself, "sent m1" or "received m1" for a copy.
Lines heard(Client& client)
{
    client.hears();
    Lines lines;
    for (const Element& stanza : client.received) {
        if (stanza.name() != "message") {
            continue;
        }
        const Element* inner = carbon_content(stanza);
        const std::string id(inner ? inner->attribute_or("id") : stanza.attribute_or("id"));
        lines.push_back(inner ? stanza.first_child()->name() + " " + id : id);
    }
    return lines;
}

/// Romeo with three devices, two of which want copies; Juliet with one; a bystander with carbons on.
struct Devices : House {
    Devices()
    {
        orchard = comes_online("romeo@localhost/orchard");
        home = comes_online("romeo@localhost/home");
        garden = comes_online("romeo@localhost/garden");
        balcony = comes_online("juliet@localhost/balcony");
        square = comes_online("mercutio@localhost/square");
        for (Client* client : { home.get(), garden.get(), balcony.get(), square.get() }) {
            CHECK(verdict(asks(*client, "set", enable)) == "result");
        }
        everybody_listens();
    }

    void everybody_listens() const
    {
        for (Client* client : { orchard.get(), home.get(), garden.get(), balcony.get(), square.get() }) {
            client->hears();
        }
    }

    ClientPtr orchard, home, garden, balcony, square;
};

} // namespace

// XEP-0280 §7-1 §2-1
TEST_CASE("carbons: a message to one device is copied to the others that want it (XEP-0280 §7)")
{
    Devices world;
    world.balcony->says("<message to='romeo@localhost/orchard' type='chat' id='m'><body>x</body></message>");
    CHECK(heard(*world.orchard) == Lines { "m" });
    CHECK(heard(*world.home) == Lines { "received m" });
    CHECK(heard(*world.garden) == Lines { "received m" });
    CHECK(heard(*world.square).empty());
    const Element& copy = world.home->received.front();
    CHECK(copy.attribute_or("from") == "romeo@localhost");
    CHECK(copy.attribute_or("to") == "romeo@localhost/home");
    CHECK(copy.attribute_or("type") == "chat");
    const Element& inner = *carbon_content(copy);
    CHECK(inner.ns() == ns::client);
    CHECK(inner.attribute_or("from") == "juliet@localhost/balcony");
    CHECK(inner.attribute_or("to") == "romeo@localhost/orchard");
}

// XEP-0280 §7-2
TEST_CASE("carbons: who gets the message itself gets no copy (XEP-0280 §7)")
{
    Devices world;
    world.balcony->says("<message to='romeo@localhost/home' type='chat' id='m'><body>x</body></message>");
    CHECK(heard(*world.home) == Lines { "m" });
    CHECK(heard(*world.garden) == Lines { "received m" });
    CHECK(heard(*world.orchard).empty());
    world.balcony->says("<message to='romeo@localhost' type='chat' id='n'><body>x</body></message>");
    for (Client* client : { world.orchard.get(), world.home.get(), world.garden.get() }) {
        CHECK(heard(*client) == Lines { "n" });
    }
}

TEST_CASE("carbons: a device that takes no messages by its priority gets a copy of them")
{
    Devices world;
    world.garden->says("<presence><priority>-1</priority></presence>");
    world.everybody_listens();
    world.balcony->says("<message to='romeo@localhost' type='chat' id='m'><body>x</body></message>");
    CHECK(heard(*world.garden) == Lines { "received m" });
    CHECK(heard(*world.home) == Lines { "m" });
}

TEST_CASE("carbons: who is reading the mailbox finds a message there, and gets no copy besides")
{
    House world;
    auto romeo = world.comes_online("romeo@localhost/orchard");
    auto attic = world.connects("juliet@localhost/attic");
    attic->says("<presence><priority>-1</priority></presence>");
    auto balcony = world.connects("juliet@localhost/balcony");
    romeo->says("<message to='juliet@localhost' type='chat' id='old'><body>x</body></message>");
    for (Client* client : { attic.get(), balcony.get() }) {
        CHECK(House::verdict(House::asks(*client, "set", enable)) == "result");
    }
    balcony->says_in_haste("<presence/>");
    romeo->says_in_haste("<message to='juliet@localhost' type='chat' id='new'><body>x</body></message>");
    romeo->says_in_haste(
        "<message to='juliet@localhost/balcony' type='chat' id='newer'><body>x</body></message>");
    world.run();
    CHECK(heard(*balcony) == Lines { "old", "new", "newer" });
    CHECK(heard(*attic) == Lines { "received new", "received newer" });
}

// XEP-0280 §8-1 §8-2
TEST_CASE("carbons: what one device sends is copied to the others, not to itself (XEP-0280 §8)")
{
    Devices world;
    world.home->says("<message to='juliet@localhost' type='chat' id='m'><body>x</body></message>");
    CHECK(heard(*world.home).empty());
    CHECK(heard(*world.garden) == Lines { "sent m" });
    CHECK(world.garden->received.front().attribute_or("from") == "romeo@localhost");
    CHECK(world.garden->received.front().attribute_or("to") == "romeo@localhost/garden");
    CHECK(heard(*world.orchard).empty());
    CHECK(heard(*world.balcony) == Lines { "m" });
    CHECK(heard(*world.square).empty());
    // Also if the sender does not want any itself.
    world.orchard->says("<message to='juliet@localhost' type='chat' id='n'><body>x</body></message>");
    CHECK(heard(*world.home) == Lines { "sent n" });
    CHECK(heard(*world.garden) == Lines { "sent n" });
    CHECK(heard(*world.orchard).empty());
}

TEST_CASE("carbons: what is sent to somebody who is away is copied all the same")
{
    Devices world;
    world.balcony->leaves();
    world.home->says("<message to='juliet@localhost' type='chat' id='m'><body>x</body></message>");
    CHECK(heard(*world.garden) == Lines { "sent m" });
    CHECK(world.stored_messages("juliet") == 1);
}

TEST_CASE("carbons: a message to one's own account comes once to each device")
{
    Devices world;
    world.orchard->says("<message to='romeo@localhost/home' type='chat' id='m'><body>x</body></message>");
    CHECK(heard(*world.home) == Lines { "m" });
    CHECK(heard(*world.garden) == Lines { "received m" });
    CHECK(heard(*world.orchard).empty());
    world.home->says("<message to='romeo@localhost' type='chat' id='n'><body>x</body></message>");
    CHECK(heard(*world.garden) == Lines { "n" });
    CHECK(heard(*world.orchard) == Lines { "n" });
}

// XEP-0280 §9-1
TEST_CASE("carbons: a message with <private/> is not copied on either side, and arrives as it was sent "
          "(XEP-0280 §9, example 13)")
{
    Devices world;
    world.home->says("<message to='juliet@localhost/balcony' type='chat' id='m'><body>x</body>"
                     "<private xmlns='urn:xmpp:carbons:2'/><no-copy xmlns='urn:xmpp:hints'/></message>");
    CHECK(heard(*world.garden).empty());
    CHECK(heard(*world.balcony) == Lines { "m" });
    CHECK(world.balcony->received.front().child("private", ns::carbons) != nullptr);
    world.balcony->says("<message to='romeo@localhost/orchard' type='chat' id='n'><body>x</body>"
                        "<private xmlns='urn:xmpp:carbons:2'/></message>");
    CHECK(heard(*world.orchard) == Lines { "n" });
    CHECK(heard(*world.home).empty());
    CHECK(heard(*world.garden).empty());
}

// XEP-0280 §6.1-1 §6.1-3 §6.2-1
TEST_CASE("carbons: chat states, receipts and markers are copied, what is no conversation is not")
{
    Devices world;
    const auto say = [&world](const std::string& payload, const std::string& type) {
        world.everybody_listens();
        world.balcony->says("<message to='romeo@localhost/orchard' id='m' type='" + type + "'>" + payload
            + "</message>");
        return heard(*world.garden);
    };
    CHECK(say("<composing xmlns='http://jabber.org/protocol/chatstates'/>", "chat")
        == Lines { "received m" });
    CHECK(say("<received xmlns='urn:xmpp:receipts' id='1'/>", "normal") == Lines { "received m" });
    CHECK(say("<displayed xmlns='urn:xmpp:chat-markers:0' id='1'/>", "normal") == Lines { "received m" });
    CHECK(say("<body>x</body>", "headline").empty());
    CHECK(say("<data xmlns='urn:example:data'/>", "normal").empty());
    CHECK(say("<body>x</body>", "groupchat").empty());
}

// XEP-0280 §6.1-5
TEST_CASE("carbons: an error about a copied message is copied, any other is not (XEP-0280 §6.1)")
{
    Devices world;
    const std::string error = "<error type='cancel'><item-not-found "
                              "xmlns='urn:ietf:params:xml:ns:xmpp-stanzas'/></error>";
    world.orchard->says("<message to='juliet@localhost' type='chat' id='m'><body>x</body></message>");
    world.everybody_listens();
    world.balcony->says("<message to='romeo@localhost/orchard' type='error' id='m'>" + error + "</message>");
    CHECK(heard(*world.orchard) == Lines { "m" });
    CHECK(heard(*world.garden) == Lines { "received m" });
    // Of somebody else, or about nothing that was said.
    world.square->says("<message to='romeo@localhost/orchard' type='error' id='m'>" + error + "</message>");
    CHECK(heard(*world.garden).empty());
    world.balcony->says("<message to='romeo@localhost/orchard' type='error' id='other'>" + error
        + "</message>");
    CHECK(heard(*world.garden).empty());
    // And the other way: Romeo's device refuses what Juliet said.
    world.balcony->says("<message to='romeo@localhost/orchard' type='chat' id='q'><body>x</body></message>");
    world.everybody_listens();
    world.orchard->says("<message to='juliet@localhost/balcony' type='error' id='q'>" + error + "</message>");
    CHECK(heard(*world.garden) == Lines { "sent q" });
}

// XEP-0280 §10.3-1
TEST_CASE("carbons: a refused copy is no news for who has sent the message (XEP-0280 §10.3)")
{
    Devices world;
    world.balcony->says("<message to='romeo@localhost/orchard' type='chat' id='m'><body>x</body></message>");
    world.everybody_listens();
    world.garden->says("<message to='romeo@localhost' type='error'><error type='cancel'><gone "
                       "xmlns='urn:ietf:params:xml:ns:xmpp-stanzas'/></error></message>");
    for (Client* client :
        { world.orchard.get(), world.home.get(), world.garden.get(), world.balcony.get() }) {
        CHECK(heard(*client).empty());
    }
}

// XEP-0280 §10.1-1
TEST_CASE("carbons: they are enabled and disabled as often as the client likes (XEP-0280 §10.1)")
{
    Devices world;
    CHECK(House::verdict(House::asks(*world.home, "set", enable)) == "result");
    CHECK(House::verdict(House::asks(*world.home, "set", disable)) == "result");
    CHECK(House::verdict(House::asks(*world.home, "set", disable)) == "result");
    world.balcony->says("<message to='romeo@localhost/orchard' type='chat' id='m'><body>x</body></message>");
    CHECK(heard(*world.home).empty());
    CHECK(heard(*world.garden) == Lines { "received m" });
    CHECK(House::verdict(House::asks(*world.home, "set", enable, "romeo@localhost")) == "result");
    world.balcony->says("<message to='romeo@localhost/orchard' type='chat' id='n'><body>x</body></message>");
    CHECK(heard(*world.home) == Lines { "received n" });
}

TEST_CASE("carbons: of another account nobody turns them on or off, nor learns whether it is there")
{
    Devices world;
    for (const std::string& what : { enable, disable }) {
        CHECK(House::verdict(House::asks(*world.square, "set", what, "romeo@localhost"))
            == "cancel not-allowed");
        CHECK(House::verdict(House::asks(*world.square, "set", what, "nobody@localhost"))
            == "cancel not-allowed");
    }
}

TEST_CASE("carbons: a device that left gets no more copies, and a new one asks anew")
{
    Devices world;
    world.home->leaves();
    auto again = world.comes_online("romeo@localhost/home");
    world.everybody_listens();
    world.balcony->says("<message to='romeo@localhost/orchard' type='chat' id='m'><body>x</body></message>");
    CHECK(heard(*again).empty());
    CHECK(heard(*world.garden) == Lines { "received m" });
}

TEST_CASE("carbons: what a blocked sender says is not copied either")
{
    Devices world;
    House::asks(*world.orchard, "set",
        "<block xmlns='urn:xmpp:blocking'><item jid='juliet@localhost'/></block>");
    world.everybody_listens();
    world.balcony->says("<message to='romeo@localhost/orchard' type='chat' id='m'><body>x</body></message>");
    CHECK(heard(*world.garden).empty());
    world.orchard->says("<message to='juliet@localhost' type='chat' id='n'><body>x</body></message>");
    CHECK(heard(*world.garden).empty()); // it was refused before it was sent
}

TEST_CASE("carbons: that they are on is kept with a session that can be resumed")
{
    Devices world;
    const Element kept = world.host().handlers().save(*world.home);
    auto other = world.connects("romeo@localhost/other");
    world.host().handlers().restore(*other, kept);
    world.host().handlers().restore(*world.orchard, world.host().handlers().save(*world.orchard));
    world.balcony->says("<message to='romeo@localhost/orchard' type='chat' id='m'><body>x</body></message>");
    CHECK(heard(*other) == Lines { "received m" });
    CHECK(heard(*world.orchard) == Lines { "m" });
}
