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

void say(RoomHistory& history, int number, const std::string& body)
{
    const Element message = element("<message xmlns='jabber:client' from='coven@conference.localhost/a' id='"
        + std::to_string(number) + "'><body>" + body + "</body></message>");
    history.add(static_cast<MessageId>(number), WallTime(seconds(1000 + number)),
        *Jid::parse("coven@conference.localhost/a"), WireForm(message, ns::client));
}

RoomHistory of_three()
{
    RoomHistory history;
    history.set_length(3);
    for (int i = 0; i < 4; ++i) {
        say(history, i, "x");
    }
    return history;
}

Element as_sent(const RoomHistory::Entry& entry)
{
    std::string xml;
    entry.wire->append_to(xml, "romeo@localhost/orchard");
    return element(xml.insert(xml.find(' '), " xmlns='jabber:client'"));
}

std::string ids(const std::vector<RoomHistory::Entry>& entries)
{
    std::string text;
    for (const RoomHistory::Entry& entry : entries) {
        text += as_sent(entry).attribute_or("id");
    }
    return text;
}

std::string asked(const std::string& attributes)
{
    const auto request = HistoryRequest::from_presence(
        element("<presence xmlns='jabber:client'><x xmlns='http://jabber.org/protocol/muc'><history "
            + attributes + "/></x></presence>"),
        WallTime(seconds(1004)));
    return ids(of_three().select(request));
}

} // namespace

TEST_CASE("history: the newest of what is kept, oldest first, stamped by the room (XEP-0045 §7.2.13)")
{
    const auto all = of_three().select({});
    CHECK(ids(all) == "123");
    const Element first = as_sent(all.front());
    CHECK(first.attribute_or("to") == "romeo@localhost/orchard");
    CHECK(first.child_text("body") == "x");
    const Element* delay = first.child("delay", ns::delay);
    REQUIRE(delay != nullptr);
    CHECK(delay->attribute_or("from") == "coven@conference.localhost");
}

// XEP-0045 §7.2.14-1
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

TEST_CASE("history: it is bounded in bytes, and the newest is always there")
{
    RoomHistory history;
    history.set_length(20);
    history.set_bytes(3000);
    for (int i = 1; i <= 5; ++i) {
        say(history, i, std::string(1000, 'x'));
    }
    CHECK(ids(history.select({})) == "45");
    say(history, 6, std::string(9000, 'x'));
    CHECK(ids(history.select({})) == "6");
    say(history, 7, "y");
    CHECK(ids(history.select({})) == "7");
    say(history, 8, "y");
    history.replace(7,
        element("<message xmlns='jabber:client' from='coven@conference.localhost/a' id='g'>"
                "<body/></message>"));
    const auto all = history.select({});
    CHECK(ids(all) == "g8");
    CHECK(as_sent(all.front()).child("delay", ns::delay) != nullptr);
    history.set_length(1);
    CHECK(ids(history.select({})) == "8");
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
