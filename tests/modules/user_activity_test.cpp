// SPDX-License-Identifier: Apache-2.0
#include "modules/user_activity.hpp"

#include "support/world.hpp"

#include <doctest/doctest.h>

using namespace stonechat;
using namespace stonechat::test;

namespace {

Stanza stanza_of(const std::string& xml)
{
    Element element = parse_stanza(xml);
    auto stanza = Stanza::from_element(std::move(element));
    REQUIRE(stanza.has_value());
    return std::move(*stanza);
}

bool acts(const std::string& xml)
{
    const Stanza shown = stanza_of("<presence><show>away</show></presence>");
    return is_user_activity(stanza_of(xml), &shown);
}

bool acts_in_message(const std::string& payload, const std::string& type = "chat")
{
    return acts("<message to='juliet@localhost' type='" + type + "'>" + payload + "</message>");
}

} // namespace

TEST_CASE("user activity: what a person writes, says, reads or types")
{
    CHECK(acts_in_message("<body>hi</body>"));
    CHECK(acts_in_message("<body>hi</body>", "groupchat"));
    CHECK(acts_in_message("<subject>a new one</subject>", "groupchat"));
    CHECK(acts_in_message("<body>hi</body><replace xmlns='urn:xmpp:message-correct:0' id='1'/>"));
    CHECK(acts_in_message("<replace xmlns='urn:xmpp:message-correct:0' id='1'/>"));
    CHECK(acts_in_message("<retract xmlns='urn:xmpp:message-retract:1' id='1'/>"));
    CHECK(acts_in_message("<reactions xmlns='urn:xmpp:reactions:0' id='1'/>"));
    CHECK(acts_in_message("<displayed xmlns='urn:xmpp:chat-markers:0' id='1'/>"));
    CHECK(acts_in_message("<composing xmlns='http://jabber.org/protocol/chatstates'/>"));
    CHECK(acts_in_message("<encrypted xmlns='eu.siacs.conversations.axolotl'><payload/></encrypted>"));
    CHECK(acts_in_message("<propose xmlns='urn:xmpp:jingle-message:0' id='1'/>"));
    CHECK(acts_in_message("<x xmlns='jabber:x:conference' jid='room@rooms.localhost'/>", "normal"));
}

TEST_CASE("user activity: what an app sends by itself is none")
{
    CHECK_FALSE(acts_in_message("<received xmlns='urn:xmpp:receipts' id='1'/>"));
    CHECK_FALSE(acts_in_message("<received xmlns='urn:xmpp:chat-markers:0' id='1'/>"));
    CHECK_FALSE(acts_in_message("<body>hi</body>", "error"));
    CHECK_FALSE(acts_in_message("<encrypted xmlns='eu.siacs.conversations.axolotl'><header/></encrypted>"));
    CHECK_FALSE(acts_in_message("<ringing xmlns='urn:xmpp:jingle-message:0' id='1'/>"));
    CHECK_FALSE(acts_in_message("<store xmlns='urn:xmpp:hints'/>"));
    CHECK_FALSE(acts_in_message(""));
    for (const char* state : { "active", "paused", "inactive", "gone" }) {
        CHECK_FALSE(acts_in_message("<" + std::string(state)
            + " xmlns='http://jabber.org/protocol/chatstates'/>"));
    }
    CHECK_FALSE(acts("<iq type='get' id='1'><ping xmlns='urn:xmpp:ping'/></iq>"));
    CHECK_FALSE(acts("<iq type='result' id='1'/>"));
    CHECK_FALSE(acts("<iq type='set' id='1'><query xmlns='jabber:iq:roster'/></iq>"));
}

TEST_CASE("user activity: a presence that shows something else than before, and not the passing of time")
{
    CHECK(acts("<presence/>"));
    CHECK(acts("<presence><show>dnd</show></presence>"));
    CHECK_FALSE(acts("<presence><show>away</show></presence>"));
    CHECK_FALSE(acts("<presence><show>away</show><status>here</status></presence>"));
    CHECK_FALSE(acts("<presence><show>xa</show><idle xmlns='urn:xmpp:idle:1' since='2026-01-01T00:00:00Z'/>"
                     "</presence>"));
    CHECK_FALSE(acts("<presence type='unavailable'/>"));
    CHECK_FALSE(acts("<presence to='room@rooms.localhost/me'/>"));
    // The first one of a session may be that of an app that a push has woken.
    CHECK_FALSE(is_user_activity(stanza_of("<presence/>"), nullptr));
    // Whoever comes back from being idle is there (XEP-0319 example 2).
    const Stanza idle = stanza_of("<presence><idle xmlns='urn:xmpp:idle:1' since='2026-01-01T00:00:00Z'/>"
                                  "</presence>");
    CHECK(is_user_activity(stanza_of("<presence/>"), &idle));
}
