// SPDX-License-Identifier: Apache-2.0
#include "xmpp/carbon.hpp"

#include "xmpp/message_content.hpp"
#include "xmpp/ns.hpp"
#include "xmpp/stream_parser.hpp"

#include <doctest/doctest.h>

#include <string>

using namespace stonechat;

namespace {

Stanza message_of(const std::string& xml)
{
    auto wrapped = parse_element("<x xmlns='jabber:client'>" + xml + "</x>");
    REQUIRE(wrapped.has_value());
    auto stanza = Stanza::from_element(std::move(*wrapped->first_child()));
    REQUIRE(stanza.has_value());
    return std::move(*stanza);
}

struct Row {
    const char* type;
    const char* payload;
    bool sent;
    bool received;
};

const std::string body = "<body>x</body>";

} // namespace

TEST_CASE(
    "carbon: the copy is from the bare account to the session, of the same type (XEP-0280 examples 8, 11)")
{
    const Stanza message =
        message_of("<message from='juliet@capulet.example/balcony' id='m' "
                   "to='romeo@montague.example/garden' type='chat'><body>x</body></message>");
    const Jid account = *Jid::parse("romeo@montague.example");
    const Jid session = *Jid::parse("romeo@montague.example/home");
    for (const auto direction : { CopyDirection::received, CopyDirection::sent }) {
        const Stanza copy = carbon_of(message, direction, account, session);
        CHECK(copy.from() == account);
        CHECK(copy.to() == session);
        CHECK(copy.message_type() == MessageType::chat);
        REQUIRE(copy.element().child_count() == 1);
        CHECK(copy.element().first_child()->is(direction == CopyDirection::sent ? "sent" : "received",
            ns::carbons));
        REQUIRE(carbon_content(copy.element()) != nullptr);
        CHECK(*carbon_content(copy.element()) == message.element());
    }
    CHECK(carbon_content(message.element()) == nullptr);
}

// XEP-0280 §6.1-2
TEST_CASE("carbon: the rules of XEP-0280 §6.1 in one table")
{
    const char* room = "<x xmlns='http://jabber.org/protocol/muc#user'/><body>x</body>";
    const Row rows[] {
        { "chat", "<body>x</body>", true, true },
        { "chat", "", true, true },
        { "normal", "<body>x</body>", true, true },
        { "normal", "", false, false },
        { "normal", "<subject>x</subject>", false, false },
        { "normal", "<received xmlns='urn:xmpp:receipts' id='1'/>", true, true },
        { "normal", "<active xmlns='http://jabber.org/protocol/chatstates'/>", true, true },
        { "normal", "<displayed xmlns='urn:xmpp:chat-markers:0' id='1'/>", true, true },
        { "headline", "<body>x</body>", false, false },
        { "groupchat", "<body>x</body>", false, false },
        { "groupchat", "<active xmlns='http://jabber.org/protocol/chatstates'/>", false, false },
        { "error", "<body>x</body>", false, false }, // who knows what it answers decides
        { "chat", "<body>x</body><private xmlns='urn:xmpp:carbons:2'/>", false, false },
        { "normal", "<x xmlns='jabber:x:conference' jid='r@rooms.example'/>", true, true },
        { "normal", "<x xmlns='http://jabber.org/protocol/muc#user'><invite from='a@b'/></x>", true, true },
        { "chat", room, true, false },
        { "normal", room, true, false },
    };
    for (const Row& row : rows) {
        CAPTURE(row.type);
        CAPTURE(row.payload);
        const Stanza message = message_of("<message from='a@b/c' to='d@e/f' type='" + std::string(row.type)
            + "'>" + row.payload + "</message>");
        CHECK(is_carbon_eligible(message, CopyDirection::sent) == row.sent);
        CHECK(is_carbon_eligible(message, CopyDirection::received) == row.received);
    }
}

// XEP-0334 §4.3-1
TEST_CASE("carbon: no-copy counts where it may stand, in a message to a full JID (XEP-0334 §4.3)")
{
    const std::string hint = "<no-copy xmlns='urn:xmpp:hints'/>";
    const Stanza full = message_of("<message to='d@e/f' type='chat'>" + body + hint + "</message>");
    const Stanza bare = message_of("<message to='d@e' type='chat'>" + body + hint + "</message>");
    CHECK_FALSE(is_carbon_eligible(full, CopyDirection::sent));
    CHECK_FALSE(is_carbon_eligible(full, CopyDirection::received));
    CHECK(is_carbon_eligible(bare, CopyDirection::sent));
}

TEST_CASE("message content: a ciphertext has a payload, an invitation to a call proposes one")
{
    const auto ciphertext = [](const std::string& xml) {
        return has_ciphertext(message_of("<message>" + xml + "</message>").element());
    };
    CHECK(ciphertext("<encrypted xmlns='eu.siacs.conversations.axolotl'><header/><payload/></encrypted>"));
    CHECK_FALSE(ciphertext("<encrypted xmlns='eu.siacs.conversations.axolotl'><header/></encrypted>"));
    CHECK(ciphertext("<encrypted xmlns='urn:xmpp:omemo:2'><payload/></encrypted>"));
    CHECK(ciphertext("<openpgp xmlns='urn:xmpp:openpgp:0'/>"));
    CHECK(ciphertext("<x xmlns='jabber:x:encrypted'/>"));
    CHECK_FALSE(ciphertext("<body>x</body>"));
    const Stanza call = message_of("<message><propose xmlns='urn:xmpp:jingle-message:0' id='1'/></message>");
    const Stanza ringing =
        message_of("<message><ringing xmlns='urn:xmpp:jingle-message:0' id='1'/></message>");
    CHECK(is_call_invite(call.element()));
    CHECK_FALSE(is_call_invite(ringing.element()));
}
