// SPDX-License-Identifier: Apache-2.0
#include "muc/room_history.hpp"

#include "xmpp/ns.hpp"
#include "xmpp/stream_parser.hpp"

#include <doctest/doctest.h>

#include <string>

using namespace stonechat;
using std::chrono::seconds;

namespace {

const Jid room = *Jid::parse("coven@conference.localhost");

Element element(const std::string& xml)
{
    return *parse_element(xml);
}

RoomHistory of_three()
{
    RoomHistory history;
    history.set_length(3);
    for (int i = 0; i < 4; ++i) {
        history.add({ static_cast<MessageId>(i), WallTime(seconds(1000 + i)),
            element("<message xmlns='jabber:client' from='coven@conference.localhost/a' id='"
                + std::to_string(i) + "'><body>x</body></message>") });
    }
    return history;
}

std::string ids(const std::vector<Stanza>& stanzas)
{
    std::string text;
    for (const Stanza& stanza : stanzas) {
        text += stanza.id();
    }
    return text;
}

std::string asked(const std::string& attributes)
{
    const auto request = HistoryRequest::from_presence(
        element("<presence xmlns='jabber:client'><x xmlns='http://jabber.org/protocol/muc'><history "
            + attributes + "/></x></presence>"),
        WallTime(seconds(1004)));
    return ids(of_three().select(request, room));
}

} // namespace

TEST_CASE("history: the newest of what is kept, oldest first, stamped by the room (XEP-0045 §7.2.13)")
{
    const auto all = of_three().select({}, room);
    CHECK(ids(all) == "123");
    const Element* delay = all.front().element().child("delay", ns::delay);
    REQUIRE(delay != nullptr);
    CHECK(delay->attribute_or("from") == "coven@conference.localhost");
}

TEST_CASE("history: a client says how much it wants, and the smallest counts (XEP-0045 §7.2.14)")
{
    CHECK(asked("maxstanzas='2'") == "23");
    CHECK(asked("maxstanzas='0'").empty());
    CHECK(asked("maxchars='0'").empty());
    CHECK(asked("maxchars='100000'") == "123");
    CHECK(asked("seconds='2'") == "23");
    CHECK(asked("since='1970-01-01T00:16:43Z'") == "3");
    CHECK(asked("since='1970-01-01T00:00:00Z' maxstanzas='1'") == "3");
    CHECK(asked("maxstanzas='many' seconds='-1'") == "123");
    CHECK(asked("maxstanzas='99999999999999999999999'") == "123");
}

TEST_CASE("subject: there is always one, and it is kept with its time (XEP-0045 §7.2.15)")
{
    RoomHistory history;
    CHECK(history.subject(room).element().child("subject") != nullptr);
    CHECK(history.subject_to_text().empty());
    history.set_subject(element("<message xmlns='jabber:client' type='groupchat' "
                                "from='coven@conference.localhost/a'><subject>Spells</subject></message>"),
        WallTime(seconds(1000)));
    RoomHistory again;
    again.subject_from_text(history.subject_to_text());
    CHECK(again.subject_text() == "Spells");
    CHECK(again.subject(room).element() == history.subject(room).element());
    again.subject_from_text("<nonsense");
    CHECK(again.subject_text() == "Spells");
}
