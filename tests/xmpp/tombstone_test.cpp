// SPDX-License-Identifier: Apache-2.0
#include "xmpp/tombstone.hpp"

#include "xmpp/date_time.hpp"
#include "xmpp/ns.hpp"
#include "xmpp/serialize.hpp"
#include "xmpp/stream_parser.hpp"

#include <doctest/doctest.h>

#include <string>

using namespace stonechat;

namespace {

Element element(const std::string& xml)
{
    auto wrapped = parse_element("<x xmlns='jabber:client'>" + xml + "</x>");
    REQUIRE(wrapped.has_value());
    return std::move(*wrapped->first_child());
}

WallTime at(std::string_view text)
{
    const auto time = parse_datetime(text);
    REQUIRE(time.has_value());
    return *time;
}

const std::string occupant_id =
    "<occupant-id xmlns='urn:xmpp:occupant-id:0' id='ef73b09de9c90a38ba552f7c68cbeef1dca24429'/>";

/// What the room of XEP-0425 has archived: example 3, with what example 8 knows of its author.
Element in_room(const std::string& more)
{
    return element("<message type='groupchat' from='room@muc.example.com/oldhag' "
                   "to='room@muc.example.com/macbeth' id='message-id-1'>"
                   "<body>DM me for free magic potions!</body>"
        + more + "</message>");
}

/// The same when it is taken back, without an end.
const std::string grave_in_room =
    "<message from='room@muc.example.com/oldhag' to='room@muc.example.com/macbeth' type='groupchat' "
    "id='message-id-1'>";

const std::string retracted = "<retracted xmlns='urn:xmpp:message-retract:1' id='retraction-id-1' "
                              "stamp='2019-09-20T23:19:12Z'";

Element buried(const Element& original)
{
    return tombstone(original, "retraction-id-1", at("2019-09-20T23:19:12Z"));
}

/// Of XEP-0425 examples 5 and 8.
Moderation moderation(const char* by)
{
    Moderation moderation;
    moderation.by = *Jid::parse(by);
    moderation.occupant_id = "dd72603deec90a38ba552f7c68cbcc61bca202cd";
    moderation.reason = "This message contains inappropriate content for this forum";
    return moderation;
}

const std::string moderator =
    "<occupant-id xmlns='urn:xmpp:occupant-id:0' id='dd72603deec90a38ba552f7c68cbcc61bca202cd'/>";
const std::string reason = "<reason>This message contains inappropriate content for this forum</reason>";

std::string text(const Element& element)
{
    return to_xml(element, ns::client);
}

} // namespace

TEST_CASE("tombstone: who, to whom, which id, and what took it back and when (XEP-0424 example 7)")
{
    const Element original = element("<message from='romeo@montague.example' to='lord@capulet.example' "
                                     "type='groupchat' id='wrong-recipient-1'>"
                                     "<body>Have not saints lips, and holy palmers too?</body>"
                                     "<origin-id xmlns='urn:xmpp:sid:0' id='wrong-recipient-1'/></message>");
    CHECK(text(tombstone(original, "retract-message-1", at("2019-09-20T23:09:32Z")))
        == "<message from='romeo@montague.example' to='lord@capulet.example' type='groupchat' "
           "id='wrong-recipient-1'><retracted xmlns='urn:xmpp:message-retract:1' id='retract-message-1' "
           "stamp='2019-09-20T23:09:32Z'/></message>");
}

// XEP-0425 §4-1
TEST_CASE("tombstone: by a moderator, with the reason and both occupant ids (XEP-0425 example 8)")
{
    // The example has no `id`, which XEP-0424 §4 demands.
    const Element grave = tombstone(in_room(occupant_id), "retraction-id-1", at("2019-09-20T23:19:12Z"),
        moderation("witch@shakespeare.example"));
    CHECK(text(grave)
        == grave_in_room + occupant_id + retracted
            + "><moderated xmlns='urn:xmpp:message-moderate:1' by='witch@shakespeare.example'>" + moderator
            + "</moderated>" + reason + "</retracted></message>");
}

TEST_CASE("tombstone: the room is told of a moderation in the same words (XEP-0425 example 5)")
{
    Element retract("retract", ns::retraction);
    retract.set_attribute("id", "stanza-id-1");
    moderation("room@muc.example.com/macbeth").add_to(retract);
    CHECK(text(retract)
        == "<retract xmlns='urn:xmpp:message-retract:1' id='stanza-id-1'>"
           "<moderated xmlns='urn:xmpp:message-moderate:1' by='room@muc.example.com/macbeth'>"
            + moderator + "</moderated>" + reason + "</retract>");
}

TEST_CASE("tombstone: a moderation need not say who, nor why (XEP-0425 §4)")
{
    const Element grave = tombstone(in_room({}), "retraction-id-1", at("2019-09-20T23:19:12Z"), Moderation());
    CHECK(text(*grave.child("retracted", ns::retraction))
        == retracted + "><moderated xmlns='urn:xmpp:message-moderate:1'/></retracted>");
}

TEST_CASE("tombstone: keeps what the room has said of a message, and nothing else")
{
    const std::string address =
        "<x xmlns='http://jabber.org/protocol/muc#user'><item jid='crone1@shakespeare.lit/desktop'/></x>";
    const std::string id = "<stanza-id xmlns='urn:xmpp:sid:0' by='room@muc.example.com' id='stanza-id-1'/>";
    const std::string alien = "<stanza-id xmlns='urn:xmpp:sid:0' by='shakespeare.example' id='1'/>"
                              "<origin-id xmlns='urn:xmpp:sid:0' id='1'/>"
                              "<x xmlns='jabber:x:oob'><url>http://potions.example/</url></x>"
                              "<thread>potions</thread><subject>Potions</subject>";
    const Element grave = buried(in_room(alien + occupant_id + address + id));
    std::string children;
    for (const Element* child : grave.children()) {
        children += text(*child);
    }
    CHECK(children == occupant_id + address + id + retracted + "/>");
    CHECK(text(buried(in_room(alien))).find("otions") == std::string::npos);
}

TEST_CASE("tombstone: between two people nothing is from a room, whatever it claims")
{
    const Element original =
        element("<message type='chat' from='witch@shakespeare.example/a' id='1'>"
                "<body>Hail!</body><x xmlns='http://jabber.org/protocol/muc#user'>"
                "<invite><reason>Hail!</reason></invite></x>"
                "<stanza-id xmlns='urn:xmpp:sid:0' by='witch@shakespeare.example' id='2'/>"
            + occupant_id + "</message>");
    CHECK(text(buried(original))
        == "<message from='witch@shakespeare.example/a' type='chat' id='1'>" + retracted + "/></message>");
}

TEST_CASE("tombstone: of a private message in a room says that it was one, and by which occupant")
{
    const std::string mark = "<x xmlns='http://jabber.org/protocol/muc#user'/>";
    const std::string head = "<message type='chat' from='room@muc.example.com/oldhag' id='1'>";
    const Element original = element(head + "<body>Hail!</body>" + mark + occupant_id + "</message>");
    const Element grave = buried(original);
    CHECK(grave.child("body") == nullptr);
    CHECK(text(*grave.child("x", ns::muc_user)) == mark);
    CHECK(text(*grave.child("occupant-id", ns::occupant_id)) == occupant_id);
    CHECK(is_tombstone(grave));
    CHECK_FALSE(is_tombstone(original));
}

TEST_CASE("tombstone: is known by having nothing else, since anybody may say <retracted/>")
{
    CHECK(is_tombstone(buried(in_room(occupant_id))));
    CHECK(is_tombstone(tombstone(in_room({}), "1", at("2019-09-20T23:19:12Z"),
        moderation("witch@shakespeare.example"))));
    CHECK_FALSE(is_tombstone(in_room(occupant_id)));
    CHECK_FALSE(is_tombstone(in_room(retracted + "/>")));
    CHECK_FALSE(is_tombstone(element("<message type='chat' from='witch@shakespeare.example/a'>" + occupant_id
        + retracted + "/></message>")));
    CHECK_FALSE(is_tombstone(element("<message type='groupchat' from='room@muc.example.com/oldhag'/>")));
}
