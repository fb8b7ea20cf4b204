// SPDX-License-Identifier: Apache-2.0
// The whole way of a stanza through all modules, in words: whoever changes the order sees it here.
#include "house.hpp"

#include <doctest/doctest.h>

using namespace stonechat;
using namespace stonechat::test;

TEST_CASE("chain: every module stands where it is expected, on every stanza's way and behind every request")
{
    House world;
    const std::string expected =
        "from_client stanza guard: blocking\n"
        "from_client presence copy: last_activity\n"
        "from_client presence deliver: subscription\n"
        "from_client presence deliver: presence\n"
        "to_user stanza guard: blocking\n"
        "to_user stanza guard: roster\n"
        "to_user stanza guard: presence\n"
        "to_user message deliver: offline\n"
        "to_user presence deliver: subscription\n"
        "to_user presence deliver: presence\n"
        "to_user message fallback: offline\n"
        "iq get to account: ping urn:xmpp:ping: ping\n"
        "iq get to account: query http://jabber.org/protocol/disco#info: disco\n"
        "iq get to account: query http://jabber.org/protocol/disco#items: disco\n"
        "iq get to account: query jabber:iq:last: last_activity\n"
        "iq get to account: query jabber:iq:private: private_xml\n"
        "iq get to account: query jabber:iq:roster: roster\n"
        "iq get to account: vCard vcard-temp: vcard\n"
        "iq get to host: ping urn:xmpp:ping: ping\n"
        "iq get to host: query http://jabber.org/protocol/disco#info: disco\n"
        "iq get to host: query http://jabber.org/protocol/disco#items: disco\n"
        "iq get to host: query jabber:iq:last: last_activity\n"
        "iq get to host: query jabber:iq:register: registration\n"
        "iq get to host: query jabber:iq:version: version\n"
        "iq get to host: time urn:xmpp:time: time\n"
        "iq get to nobody: query http://jabber.org/protocol/disco#items: disco\n"
        "iq get to nobody: query jabber:iq:last: last_activity\n"
        "iq get to nobody: query jabber:iq:private: private_xml\n"
        "iq get to nobody: query jabber:iq:roster: roster\n"
        "iq get to own account: blocklist urn:xmpp:blocking: blocking\n"
        "iq get to own account: ping urn:xmpp:ping: ping\n"
        "iq get to own account: query jabber:iq:private: private_xml\n"
        "iq get to own account: query jabber:iq:register: registration\n"
        "iq get to own account: query jabber:iq:roster: roster\n"
        "iq set to account: query jabber:iq:private: private_xml\n"
        "iq set to account: query jabber:iq:roster: roster\n"
        "iq set to account: vCard vcard-temp: vcard\n"
        "iq set to host: command http://jabber.org/protocol/commands: commands\n"
        "iq set to host: query jabber:iq:register: registration\n"
        "iq set to host: session urn:ietf:params:xml:ns:xmpp-session: session_request\n"
        "iq set to nobody: query jabber:iq:private: private_xml\n"
        "iq set to nobody: query jabber:iq:roster: roster\n"
        "iq set to nobody: vCard vcard-temp: vcard\n"
        "iq set to own account: block urn:xmpp:blocking: blocking\n"
        "iq set to own account: query jabber:iq:private: private_xml\n"
        "iq set to own account: query jabber:iq:register: registration\n"
        "iq set to own account: query jabber:iq:roster: roster\n"
        "iq set to own account: session urn:ietf:params:xml:ns:xmpp-session: session_request\n"
        "iq set to own account: unblock urn:xmpp:blocking: blocking\n"
        "iq set to own account: vCard vcard-temp: vcard\n";
    CHECK(world.host().handlers().print() == expected);
}
