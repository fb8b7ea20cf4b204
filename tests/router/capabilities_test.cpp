// SPDX-License-Identifier: Apache-2.0
#include "router/capabilities.hpp"

#include <doctest/doctest.h>

using namespace stonechat;

TEST_CASE("capabilities: has the features that were named, whatever their order, and no others")
{
    const Capabilities client({ "urn:xmpp:ping", "urn:xmpp:mood+notify", "http://jabber.org/protocol/muc",
        "http://jabber.org/protocol/tune+notify", "urn:xmpp:ping" });
    for (const char* feature : { "urn:xmpp:ping", "urn:xmpp:mood+notify", "http://jabber.org/protocol/muc",
             "http://jabber.org/protocol/tune+notify" }) {
        CHECK(client.has(feature));
    }
    for (const char* feature : { "", "urn:xmpp:mood", "urn:xmpp:ping+notify", "+notify", "urn:xmpp:pin" }) {
        CHECK_FALSE(client.has(feature));
    }
    CHECK(client.features().size() == 4);
    CHECK(client
        == Capabilities({ "http://jabber.org/protocol/muc", "http://jabber.org/protocol/tune+notify",
            "urn:xmpp:mood+notify", "urn:xmpp:ping" }));
}

TEST_CASE("capabilities: which nodes a client wants events of")
{
    const Capabilities client({ "urn:xmpp:ping", "urn:xmpp:mood+notify",
        "http://jabber.org/protocol/tune+notify", "urn:xmpp:mood" });
    CHECK(client.wants("urn:xmpp:mood"));
    CHECK_FALSE(client.wants("urn:xmpp:ping"));
    CHECK(std::vector<std::string>(client.notify_features().begin(), client.notify_features().end())
        == std::vector<std::string> { "http://jabber.org/protocol/tune+notify", "urn:xmpp:mood+notify" });
    CHECK(Capabilities({}).notify_features().empty());
    CHECK_FALSE(Capabilities({}).wants(""));
}
