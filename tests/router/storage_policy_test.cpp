// SPDX-License-Identifier: Apache-2.0
#include "router/storage_policy.hpp"

#include "support/world.hpp"

#include <doctest/doctest.h>

#include <string>

using namespace stonechat;
using namespace stonechat::test;

namespace {

Stanza message(const std::string& payload, const std::string& attributes = "type='chat'")
{
    return *Stanza::from_element(parse_stanza("<message from='romeo@localhost/orchard' to='juliet@localhost' "
        + attributes + ">" + payload + "</message>"));
}

StoragePolicy kept(const std::string& payload, const std::string& attributes = "type='chat'")
{
    Stanza stanza = message(payload, attributes);
    return storage_policy_of(Message(stanza));
}

bool searchable(const std::string& payload)
{
    Stanza stanza = message(payload);
    return is_searchable(stanza.element());
}

const std::string body = "<body>Art thou not Romeo, and a Montague?</body>";
const std::string composing = "<composing xmlns='http://jabber.org/protocol/chatstates'/>";
const std::string no_store = "<no-store xmlns='urn:xmpp:hints'/>";
const std::string no_permanent_store = "<no-permanent-store xmlns='urn:xmpp:hints'/>";
const std::string store = "<store xmlns='urn:xmpp:hints'/>";

} // namespace

// XEP-0313 §6.1.1-1
TEST_CASE("storage policy: what people say, in whatever form, is archived (XEP-0313 §6.1.1)")
{
    for (const std::string& payload : Lines {
             body,
             "<subject>A rose</subject>",
             "<body>Typo</body><replace xmlns='urn:xmpp:message-correct:0' id='m'/>",
             "<retract xmlns='urn:xmpp:message-retract:1' id='m'/>",
             "<reactions xmlns='urn:xmpp:reactions:0' id='m'><reaction>x</reaction></reactions>",
             "<reply xmlns='urn:xmpp:reply:0' id='m'/>",
             "<encryption xmlns='urn:xmpp:eme:0' namespace='urn:xmpp:otr:0'/>",
             "<encrypted xmlns='eu.siacs.conversations.axolotl'/>",
             "<encrypted xmlns='urn:xmpp:omemo:2'/>",
             "<openpgp xmlns='urn:xmpp:openpgp:0'>BASE64</openpgp>",
             "<x xmlns='jabber:x:encrypted'>BASE64</x>",
             "<received xmlns='urn:xmpp:receipts' id='m'/>",
             "<received xmlns='urn:xmpp:chat-markers:0' id='m'/>",
             "<displayed xmlns='urn:xmpp:chat-markers:0' id='m'/>",
             "<acknowledged xmlns='urn:xmpp:chat-markers:0' id='m'/>",
             "<propose xmlns='urn:xmpp:jingle-message:0' id='c'/>",
             "<finish xmlns='urn:xmpp:jingle-message:0' id='c'/>",
             "<x xmlns='jabber:x:conference' jid='coven@chat.example'/>",
             "<x xmlns='http://jabber.org/protocol/muc#user'><invite from='crone1@localhost'/></x>",
         }) {
        CAPTURE(payload);
        CHECK(kept(payload) == StoragePolicy::archived);
        CHECK(kept(payload, "") == StoragePolicy::archived);
        CHECK(kept(payload + composing) == StoragePolicy::archived);
    }
}

TEST_CASE("storage policy: what is stale before it is read, or says nothing alone, is never kept (XEP-0085, "
          "XEP-0160 §3)")
{
    for (const std::string& payload : Lines {
             "",
             composing,
             composing + "<thread>t</thread>",
             "<request xmlns='urn:xmpp:receipts'/>" + composing,
             "<markable xmlns='urn:xmpp:chat-markers:0'/>",
             "<origin-id xmlns='urn:xmpp:sid:0' id='o'/>",
             "<delay xmlns='urn:xmpp:delay' stamp='2002-09-10T23:08:25Z'/>",
             "<no-copy xmlns='urn:xmpp:hints'/>",
             "<x xmlns='http://jabber.org/protocol/muc#user'/>" + composing,
         }) {
        CAPTURE(payload);
        CHECK(kept(payload) == StoragePolicy::nothing);
        CHECK(kept(payload, "") == StoragePolicy::nothing);
    }
}

TEST_CASE("storage policy: content that nobody here knows waits for its recipient, and is not archived")
{
    CHECK(kept("<event xmlns='urn:example:unknown'/>") == StoragePolicy::until_delivered);
    CHECK(kept("<event xmlns='urn:example:unknown'/>" + composing) == StoragePolicy::until_delivered);
    CHECK(kept("<body xmlns='urn:example:unknown'/>") == StoragePolicy::until_delivered);
    CHECK(kept("<x xmlns='http://jabber.org/protocol/muc#user'><item affiliation='member'/></x>")
        == StoragePolicy::until_delivered);
}

// XEP-0334 §5-1
TEST_CASE("storage policy: headlines, errors and what a room sends are never kept, whatever they carry")
{
    for (const char* type : { "headline", "groupchat", "error" }) {
        CAPTURE(type);
        CHECK(kept(body, std::string("type='") + type + "'") == StoragePolicy::nothing);
        CHECK(kept(body + store, std::string("type='") + type + "'") == StoragePolicy::nothing);
    }
    CHECK(kept(body, "type='of no known type'")
        == StoragePolicy::archived); // counts as normal, RFC 6121 §5.2.2
}

// XEP-0334 §4.1-1 §4.4-1
TEST_CASE("storage policy: hints of the sender (XEP-0334 §4)")
{
    CHECK(kept(body + no_store) == StoragePolicy::nothing);
    CHECK(kept(body + no_store + store) == StoragePolicy::nothing);
    CHECK(kept(body + no_permanent_store) == StoragePolicy::until_delivered);
    CHECK(kept(body + no_permanent_store + store) == StoragePolicy::until_delivered);
    CHECK(kept(composing + no_permanent_store) == StoragePolicy::nothing);
    CHECK(kept("<event xmlns='urn:example:unknown'/>" + store) == StoragePolicy::archived);
    CHECK(kept(composing + store) == StoragePolicy::archived);
    CHECK(kept(body + "<no-store xmlns='urn:example:unknown'/>") == StoragePolicy::archived);
}

TEST_CASE(
    "storage policy: only text for people can be searched, not the notice beside a ciphertext (XEP-0380 §3)")
{
    CHECK(searchable(body));
    CHECK(searchable(body + "<replace xmlns='urn:xmpp:message-correct:0' id='m'/>"));
    CHECK_FALSE(searchable(""));
    CHECK_FALSE(searchable("<body/>"));
    CHECK_FALSE(searchable("<subject>A rose</subject>"));
    CHECK_FALSE(searchable("<body xmlns='urn:example:unknown'>text</body>"));
    for (const std::string& cipher :
        Lines { "<encryption xmlns='urn:xmpp:eme:0' namespace='urn:xmpp:otr:0'/>",
            "<encrypted xmlns='eu.siacs.conversations.axolotl'/>", "<encrypted xmlns='urn:xmpp:omemo:2'/>",
            "<openpgp xmlns='urn:xmpp:openpgp:0'>BASE64</openpgp>", "<x xmlns='jabber:x:encrypted'>B</x>" }) {
        CAPTURE(cipher);
        CHECK_FALSE(searchable("<body>This message is encrypted.</body>" + cipher));
        CHECK_FALSE(searchable(cipher + "<body>This message is encrypted.</body>"));
    }
}
