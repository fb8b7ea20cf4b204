// SPDX-License-Identifier: Apache-2.0
#include "c2s/client_state_queue.hpp"

#include "xmpp/ns.hpp"
#include "xmpp/serialize.hpp"
#include "xmpp/stream_parser.hpp"

#include <doctest/doctest.h>

#include <algorithm>
#include <map>
#include <random>
#include <string>
#include <vector>

using namespace stonechat;

namespace {

Stanza stanza_of(const std::string& xml)
{
    auto wrapped = parse_element("<x xmlns='jabber:client'>" + xml + "</x>");
    REQUIRE(wrapped.has_value());
    auto stanza = Stanza::from_element(std::move(*wrapped->first_child()));
    REQUIRE(stanza.has_value());
    return std::move(*stanza);
}

ClientStateQueue::Fate fate(const std::string& xml)
{
    return ClientStateQueue::fate_of(stanza_of(xml));
}

const std::string composing = "<composing xmlns='http://jabber.org/protocol/chatstates'/>";

std::string carbon(const std::string& inner)
{
    return "<message from='juliet@localhost' type='chat'><received xmlns='urn:xmpp:carbons:2'>"
           "<forwarded xmlns='urn:xmpp:forward:0'><message xmlns='jabber:client' from='romeo@localhost/o'>"
        + inner + "</message></forwarded></received></message>";
}

/// What a client gets, with an ClientStateQueue between it and the server.
struct Client {
    ClientStateQueue unattended;
    bool inactive = false;
    std::vector<std::string> got;

    void flush()
    {
        for (const ClientStateQueue::Held& each : unattended.let_out()) {
            each.wire.append_to(got.emplace_back(), each.to);
        }
    }
    void send(const Stanza& stanza)
    {
        if (inactive && unattended.take(stanza)) {
            if (unattended.is_full()) {
                flush();
            }
            return;
        }
        flush();
        got.push_back(to_xml(stanza.element(), ns::client));
    }
    void become_active()
    {
        inactive = false;
        flush();
    }
};

} // namespace

TEST_CASE("client state: presence waits, and a subscription request does not (XEP-0352 §3.2)")
{
    using enum ClientStateQueue::Fate;
    CHECK(fate("<presence from='romeo@localhost/o'/>") == last_of_sender);
    CHECK(fate("<presence from='romeo@localhost/o' type='unavailable'/>") == last_of_sender);
    for (const char* type : { "subscribe", "subscribed", "unsubscribe", "unsubscribed", "probe", "error" }) {
        CHECK(fate("<presence from='romeo@localhost' type='" + std::string(type) + "'/>") == at_once);
    }
    const std::string self = "<x xmlns='http://jabber.org/protocol/muc#user'><status code='110'/></x>";
    CHECK(fate("<presence from='room@rooms.localhost/me'>" + self + "</presence>") == at_once);
}

TEST_CASE("client state: a message that is nothing but a chat state is of no use later")
{
    using enum ClientStateQueue::Fate;
    const std::string hint = "<no-store xmlns='urn:xmpp:hints'/>";
    CHECK(fate("<message type='chat'>" + composing + "</message>") == never);
    CHECK(fate("<message type='chat'><thread>t</thread>" + composing + hint + "</message>") == never);
    CHECK(fate(carbon(composing)) == never);
    CHECK(fate("<message type='chat'><body>hi</body>" + composing + "</message>") == at_once);
    CHECK(fate(carbon("<body>hi</body>" + composing)) == at_once);
    CHECK(fate("<message type='chat'><received xmlns='urn:xmpp:receipts' id='1'/></message>") == at_once);
    CHECK(fate("<message type='chat'><displayed xmlns='urn:xmpp:chat-markers:0' id='1'/></message>")
        == at_once);
    CHECK(fate("<message type='chat'>" + hint + "</message>") == at_once);
    CHECK(fate("<message type='error'>" + composing + "</message>") == at_once);
    CHECK(fate("<message/>") == at_once);
    CHECK(fate("<iq type='result' id='1'/>") == at_once);
}

TEST_CASE("client state: the last presence of each sender goes out, before what could not wait")
{
    Client client;
    client.inactive = true;
    client.send(stanza_of("<presence from='romeo@localhost/o'><show>away</show></presence>"));
    client.send(stanza_of("<presence from='nurse@localhost/n'/>"));
    client.send(stanza_of("<presence from='romeo@localhost/o'><show>xa</show></presence>"));
    client.send(stanza_of("<presence from='romeo@localhost/other'/>"));
    client.send(stanza_of("<message from='romeo@localhost/o'>" + composing + "</message>"));
    CHECK(client.got.empty());
    client.send(stanza_of("<message from='romeo@localhost/o'><body>hi</body></message>"));
    const std::vector<std::string> expected {
        "<presence from='nurse@localhost/n'/>",
        "<presence from='romeo@localhost/o'><show>xa</show></presence>",
        "<presence from='romeo@localhost/other'/>",
        "<message from='romeo@localhost/o'><body>hi</body></message>",
    };
    CHECK(client.got == expected);
    CHECK(client.unattended.is_empty());
}

TEST_CASE("client state: who is active again is up to date at once, and nothing waits from then on")
{
    Client client;
    client.inactive = true;
    client.send(stanza_of("<presence from='romeo@localhost/o'/>"));
    client.become_active();
    CHECK(client.got.size() == 1);
    client.send(stanza_of("<presence from='romeo@localhost/o' type='unavailable'/>"));
    CHECK(client.got.size() == 2);
}

TEST_CASE("client state: what waits is bounded by number and by bytes")
{
    Client many;
    many.inactive = true;
    for (std::size_t i = 0; i < ClientStateQueue::most_senders; ++i) {
        many.send(stanza_of("<presence from='romeo@localhost/" + std::to_string(i) + "'/>"));
    }
    CHECK(many.got.empty());
    many.send(stanza_of("<presence from='romeo@localhost/more'/>"));
    CHECK(many.got.size() == ClientStateQueue::most_senders + 1);
    CHECK(many.unattended.is_empty());

    Client large;
    large.inactive = true;
    const std::string status(100 * 1024, 'x');
    for (int i = 0; i < 10; ++i) {
        large.send(stanza_of("<presence from='a@b/" + std::to_string(i) + "'><status>" + status
            + "</status></presence>"));
    }
    for (int i = 0; i < 100; ++i) { // the same again takes no more room
        large.send(stanza_of("<presence from='a@b/1'><status>" + status + "</status></presence>"));
    }
    CHECK(large.got.empty());
    large.send(stanza_of("<presence from='a@b/10'><status>" + status + "</status></presence>"));
    CHECK(large.got.size() == 11);
}

TEST_CASE("client state: against a model, each client ends with the same picture, and messages in order")
{
    for (unsigned seed = 0; seed < 200; ++seed) {
        std::mt19937 random(seed);
        Client client;
        std::map<std::string, std::string> shown; // what the server has said last of each sender
        std::vector<std::string> said;
        for (int step = 0; step < 300; ++step) {
            const std::string who = "c" + std::to_string(random() % 6) + "@localhost/x";
            switch (random() % 5) {
            case 0:
                client.inactive ? client.become_active() : static_cast<void>(client.inactive = true);
                break;
            case 1: client.send(stanza_of("<message from='" + who + "'>" + composing + "</message>")); break;
            case 2: {
                const std::string xml = "<message from='" + who + "' id='" + std::to_string(step)
                    + "'><body>x</body></message>";
                said.push_back(xml);
                client.send(stanza_of(xml));
                // Nothing that was said of anybody before it is still to come.
                CHECK(client.unattended.is_empty());
                break;
            }
            default: {
                const std::string xml = "<presence from='" + who + "'><status>" + std::to_string(step)
                    + "</status></presence>";
                shown[who] = xml;
                client.send(stanza_of(xml));
            }
            }
        }
        client.become_active();
        std::map<std::string, std::string> seen;
        std::vector<std::string> heard;
        for (const std::string& xml : client.got) {
            if (xml.find("composing") != std::string::npos) {
                continue;
            }
            if (xml.starts_with("<presence")) {
                seen[xml.substr(16, 14)] = xml;
            } else {
                heard.push_back(xml);
            }
        }
        std::map<std::string, std::string> expected;
        for (const auto& [who, xml] : shown) {
            expected[who] = xml;
        }
        CHECK(seen == expected);
        CHECK(heard == said);
    }
}
