// SPDX-License-Identifier: Apache-2.0
// The whole way of a stanza through all modules, in words: whoever changes the order sees it here.
#include "house.hpp"

#include "support/example_module.hpp"

#include <doctest/doctest.h>

using namespace stonechat;
using namespace stonechat::test;

TEST_CASE("chain: every module stands where it is expected, on every stanza's way and behind every request")
{
    House world;
    const std::string expected =
        "from_client stanza guard: blocking\n"
        "from_client stanza guard: forgery\n"
        "from_client message guard: stanza_ids\n"
        "from_client presence guard: presence\n"
        "from_client presence stamp: last_activity\n"
        "from_client presence stamp: avatar_conversion\n"
        "from_client message archive: archive\n"
        "from_client message archive: retraction\n"
        "from_client message copy: carbons\n"
        "from_client message copy: last_activity\n"
        "from_client presence copy: last_activity\n"
        "from_client presence deliver: subscription\n"
        "from_client presence deliver: presence\n"
        "from_client presence deliver: avatar_conversion\n"
        "to_user stanza guard: blocking\n"
        "to_user stanza guard: roster\n"
        "to_user stanza guard: presence\n"
        "to_user stanza guard: last_activity\n"
        "to_user message guard: stanza_ids\n"
        "to_user message stamp: archive\n"
        "to_user presence stamp: avatar_conversion\n"
        "to_user message archive: archive\n"
        "to_user message archive: retraction\n"
        "to_user message copy: carbons\n"
        "to_user message copy: push\n"
        "to_user message deliver: offline\n"
        "to_user presence deliver: subscription\n"
        "to_user presence deliver: presence\n"
        "to_user message fallback: offline\n"
        "iq get to account: * urn:xmpp:mam:2: archive\n"
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
        "iq get to nobody: * urn:xmpp:mam:2: archive\n"
        "iq get to nobody: query http://jabber.org/protocol/disco#items: disco\n"
        "iq get to nobody: query jabber:iq:last: last_activity\n"
        "iq get to nobody: query jabber:iq:private: private_xml\n"
        "iq get to nobody: query jabber:iq:roster: roster\n"
        "iq get to own account: blocklist urn:xmpp:blocking: blocking\n"
        "iq get to own account: metadata urn:xmpp:mam:2: archive\n"
        "iq get to own account: ping urn:xmpp:ping: ping\n"
        "iq get to own account: prefs urn:xmpp:mam:2: archive\n"
        "iq get to own account: query jabber:iq:private: private_xml\n"
        "iq get to own account: query jabber:iq:register: registration\n"
        "iq get to own account: query jabber:iq:roster: roster\n"
        "iq get to own account: query urn:xmpp:mam:2: archive\n"
        "iq set to account: * urn:xmpp:mam:2: archive\n"
        "iq set to account: disable urn:xmpp:carbons:2: carbons\n"
        "iq set to account: enable urn:xmpp:carbons:2: carbons\n"
        "iq set to account: query jabber:iq:private: private_xml\n"
        "iq set to account: query jabber:iq:roster: roster\n"
        "iq set to account: vCard vcard-temp: vcard\n"
        "iq set to host: command http://jabber.org/protocol/commands: commands\n"
        "iq set to host: query jabber:iq:register: registration\n"
        "iq set to host: session urn:ietf:params:xml:ns:xmpp-session: session_request\n"
        "iq set to nobody: * urn:xmpp:mam:2: archive\n"
        "iq set to nobody: disable urn:xmpp:carbons:2: carbons\n"
        "iq set to nobody: enable urn:xmpp:carbons:2: carbons\n"
        "iq set to nobody: query jabber:iq:private: private_xml\n"
        "iq set to nobody: query jabber:iq:roster: roster\n"
        "iq set to nobody: vCard vcard-temp: vcard\n"
        "iq set to own account: block urn:xmpp:blocking: blocking\n"
        "iq set to own account: disable urn:xmpp:carbons:2: carbons\n"
        "iq set to own account: disable urn:xmpp:push:0: push\n"
        "iq set to own account: enable urn:xmpp:carbons:2: carbons\n"
        "iq set to own account: enable urn:xmpp:push:0: push\n"
        "iq set to own account: prefs urn:xmpp:mam:2: archive\n"
        "iq set to own account: query jabber:iq:private: private_xml\n"
        "iq set to own account: query jabber:iq:register: registration\n"
        "iq set to own account: query jabber:iq:roster: roster\n"
        "iq set to own account: query urn:xmpp:mam:2: archive\n"
        "iq set to own account: session urn:ietf:params:xml:ns:xmpp-session: session_request\n"
        "iq set to own account: unblock urn:xmpp:blocking: blocking\n"
        "iq set to own account: vCard vcard-temp: vcard\n";
    CHECK(world.host().handlers().print() == expected);
}

TEST_CASE("chain: no module touches an ordinary message, so both sides know without comparing that they have "
          "the same")
{
    std::vector<bool> sealed;
    std::vector<ModuleEntry> modules = module_table();
    modules.push_back(example_module([&sealed](Handlers& on) {
        on.message(Flow::to_user, Stage::copy, [&sealed](Message message, const Context&) {
            sealed.push_back(message.stanza().seal() != Stanza::unsealed);
            return Verdict::pass();
        });
    }).front());
    Verona world(modules);
    auto romeo = world.comes_online("romeo@localhost/orchard");
    auto juliet = world.comes_online("juliet@localhost/balcony");
    const std::string words = "<body>Hello</body><request xmlns='urn:xmpp:receipts'/>"
                              "<origin-id xmlns='urn:xmpp:sid:0' id='o'/><active "
                              "xmlns='http://jabber.org/protocol/chatstates'/>";
    for (const auto* to : { "juliet@localhost", "juliet@localhost/balcony", "mercutio@localhost" }) {
        for (const auto* type : { "chat", "normal" }) {
            romeo->says("<message to='" + std::string(to) + "' type='" + type + "' id='" + to + type + "'>"
                + words + "</message>");
        }
    }
    CHECK(sealed == std::vector<bool>(6, true));
    CHECK(juliet->hears().size() == 4);
}
