// SPDX-License-Identifier: Apache-2.0
#include "xmpp/unread_counter.hpp"

#include "xmpp/stream_parser.hpp"

#include <doctest/doctest.h>

#include <string>
#include <utility>
#include <vector>

using namespace stonechat;

namespace {

Element stanza(const std::string& inside, const std::string& attributes = "")
{
    return *parse_element("<message xmlns='jabber:client' " + attributes + ">" + inside + "</message>");
}

const std::string words = "<body>hello</body>";

/// Counts over messages, the newest first; `true` = the reader's own.
std::size_t unread(const std::vector<std::pair<bool, Element>>& messages)
{
    UnreadCounter counter;
    std::uint64_t id = 1000 + messages.size();
    for (const auto& [is_own, message] : messages) {
        if (!counter.take(message, is_own, id--)) {
            break;
        }
    }
    return counter.count();
}

Element marker(const std::string& id)
{
    return stanza("<displayed xmlns='urn:xmpp:chat-markers:0' id='" + id + "'/>");
}

} // namespace

TEST_CASE("unread: texts and ciphertexts are instant messages, changes of earlier ones are not (XEP-0430)")
{
    CHECK(is_instant_message(stanza(words)));
    CHECK(is_instant_message(
        stanza("<encrypted xmlns='eu.siacs.conversations.axolotl'><payload/></encrypted>")));
    CHECK_FALSE(is_instant_message(
        stanza("<encrypted xmlns='eu.siacs.conversations.axolotl'><header/></encrypted>")));
    CHECK_FALSE(is_instant_message(stanza("<received xmlns='urn:xmpp:receipts' id='1'/>")));
    CHECK_FALSE(is_instant_message(stanza(words + "<replace xmlns='urn:xmpp:message-correct:0' id='1'/>")));
    CHECK_FALSE(is_instant_message(stanza(words + "<reactions xmlns='urn:xmpp:reactions:0' id='1'/>")));
    CHECK_FALSE(is_instant_message(stanza(words + "<retract xmlns='urn:xmpp:message-retract:1' id='1'/>")));
    CHECK_FALSE(is_instant_message(stanza(words, "type='error'")));
}

TEST_CASE("unread: everything that came after the reader's last message (XEP-0430 4)")
{
    CHECK_EQ(unread({}), 0);
    CHECK_EQ(unread({ { false, stanza(words) }, { false, stanza(words) } }), 2);
    CHECK_EQ(unread({ { false, stanza(words) }, { true, stanza(words) }, { false, stanza(words) } }), 1);
    CHECK_EQ(unread({ { true, stanza(words) }, { false, stanza(words) } }), 0);
}

TEST_CASE("unread: a receipt is no sign that a message was read (XEP-0430 4)")
{
    CHECK_EQ(unread({ { true, stanza("<received xmlns='urn:xmpp:receipts' id='m1'/>") },
                 { false, stanza(words, "id='m1'") } }),
        1);
}

TEST_CASE("unread: a marker covers its message and all before it, not what came in between (XEP-0333)")
{
    const Element m1 = stanza(words, "id='m1'");
    const Element m2 = stanza(words, "id='m2'");
    const Element m3 = stanza(words + "<origin-id xmlns='urn:xmpp:sid:0' id='o3'/>", "id='m3'");
    CHECK_EQ(unread({ { false, m3 }, { true, marker("m1") }, { false, m2 }, { false, m1 } }), 2);
    CHECK_EQ(unread({ { true, marker("o3") }, { false, m3 }, { false, m2 }, { false, m1 } }), 0);
    CHECK_EQ(unread({ { true, marker("unknown") }, { false, m2 }, { false, m1 } }), 2);
}

TEST_CASE("unread: in rooms markers name the id that the room gave (XEP-0333)")
{
    CHECK_EQ(unread({ { false, stanza(words) }, { true, marker("1001") }, { false, stanza(words) } }), 1);
    CHECK_EQ(unread({ { false, stanza(words) }, { true, marker("1002") }, { false, stanza(words) } }), 2);
}

TEST_CASE("unread: markers of the other side count for nothing, and too many of one's own are not remembered")
{
    CHECK_EQ(unread({ { false, marker("m1") }, { false, stanza(words, "id='m1'") } }), 1);
    std::vector<std::pair<bool, Element>> messages;
    for (int i = 0; i < 100; ++i) {
        messages.emplace_back(true, marker("m" + std::to_string(i)));
    }
    messages.emplace_back(false, stanza(words, "id='m99'"));
    messages.emplace_back(false, stanza(words, "id='m0'"));
    CHECK_EQ(unread(messages), 1);
}
