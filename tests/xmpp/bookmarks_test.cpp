// SPDX-License-Identifier: Apache-2.0
#include "xmpp/bookmarks.hpp"

#include "xmpp/ns.hpp"
#include "xmpp/serialize.hpp"
#include "xmpp/stream_parser.hpp"

#include <doctest/doctest.h>

#include <string>

using namespace stonechat;

namespace {

BookmarkItem item(std::string id, const std::string& attributes = {}, const std::string& inside = {})
{
    return { std::move(id),
        *parse_element("<conference xmlns='urn:xmpp:bookmarks:1' " + attributes + ">" + inside
            + "</conference>") };
}

Element storage(const std::string& inside)
{
    return *parse_element("<storage xmlns='storage:bookmarks'>" + inside + "</storage>");
}

/// The changes in words: `+id payload`, `-id`.
std::string changes(const std::vector<BookmarkItem>& items, const std::string& list, const KnownRooms& known)
{
    const auto found = bookmark_changes(items, read_bookmark_list(storage(list)).rooms, known);
    std::string words;
    for (const BookmarkItem& each : found.published) {
        words += "+" + each.id + " " + to_xml(each.conference) + "\n";
    }
    for (const std::string& id : found.retracted) {
        words += "-" + id + "\n";
    }
    return words;
}

const std::string play = "theplay@conference.shakespeare.lit";
const std::string orchard = "orchard@conference.shakespeare.lit";
const std::string extensions = "<extensions><state xmlns='http://myclient.example/bookmark/state' "
                               "minimized='true'/></extensions>";

} // namespace

TEST_CASE("bookmarks: name, autojoin, nick and password are in both forms (PB30, XEP-0402 §5.2)")
{
    const BookmarkItem full = item(play, "name='The Play' autojoin='1'",
        "<nick>JC</nick><password>secret</password>" + extensions);
    const Element list = to_bookmark_list(std::vector { full }, {});
    CHECK(to_xml(list)
        == "<storage xmlns='storage:bookmarks'><conference jid='theplay@conference.shakespeare.lit' "
           "name='The Play' autojoin='true'><nick>JC</nick><password>secret</password></conference>"
           "</storage>");
    const BookmarkList back = read_bookmark_list(list);
    REQUIRE(back.rooms.size() == 1);
    CHECK(back.rooms.front() == *read_bookmark(full));
    CHECK(to_xml(to_conference(back.rooms.front()))
        == "<conference xmlns='urn:xmpp:bookmarks:1' name='The Play' autojoin='true'><nick>JC</nick>"
           "<password>secret</password></conference>");
}

TEST_CASE("bookmarks: true and 1 join, everything else does not (PB30, XEP-0402 table 1)")
{
    for (const char* text : { "true", "1" }) {
        CHECK(read_bookmark(item(play, std::string("autojoin='") + text + "'"))->autojoin);
    }
    for (const char* text : { "false", "0", "", "TRUE", "yes" }) {
        CHECK_FALSE(read_bookmark(item(play, std::string("autojoin='") + text + "'"))->autojoin);
    }
    CHECK_FALSE(read_bookmark(item(play))->autojoin);
}

TEST_CASE("bookmarks: a list says what is a room, what is no address, and what is something else (PB30)")
{
    const BookmarkList list = read_bookmark_list(storage(
        "<conference jid='Orchard@Conference.Shakespeare.lit'/><conference jid='@'/><conference/>"
        "<url name='Works' url='http://example.org/'/><conference jid='orchard@conference.shakespeare.lit' "
        "name='twice'/>"));
    REQUIRE(list.rooms.size() == 1);
    CHECK(list.rooms.front().room == orchard);
    CHECK(list.rooms.front().name.empty());
    CHECK(list.invalid == std::vector<std::string> { "@", "" });
    REQUIRE(list.others.size() == 1);
    CHECK(list.others.front().name() == "url");
    CHECK(to_xml(to_bookmark_list({}, list.others))
        == "<storage xmlns='storage:bookmarks'><url name='Works' url='http://example.org/'/></storage>");
}

TEST_CASE("bookmarks: an item that is no bookmark of a room is not shown, and stays (PB30)")
{
    const std::vector<BookmarkItem> items { item("@"), { play, Element("note", ns::bookmarks) },
        item(orchard) };
    CHECK(read_bookmark_list(to_bookmark_list(items, {})).rooms.size() == 1);
    CHECK(changes(items, "", KnownRooms(items)) == "-" + orchard + "\n");
}

TEST_CASE("bookmarks: a list changes what differs, and nothing else (PB29)")
{
    const std::vector<BookmarkItem> items { item(play, "name='The Play' autojoin='1'", "<nick>JC</nick>"),
        item(orchard) };
    const KnownRooms all(items);
    const std::string same_play = "<conference jid='" + play
        + "' autojoin='true' name='The Play'><password/><nick>JC</nick></conference>";
    const std::string same_orchard = "<conference jid='ORCHARD@conference.shakespeare.lit' autojoin='0'/>";
    CHECK(changes(items, same_orchard + same_play, all).empty());
    CHECK(changes(items, same_play, all) == "-" + orchard + "\n");
    CHECK(changes(items, same_play + same_orchard + "<conference jid='new@c.lit'/>", all)
        == "+new@c.lit <conference xmlns='urn:xmpp:bookmarks:1'/>\n");
    CHECK(changes(items, same_orchard + "<conference jid='" + play + "'/>", all)
        == "+" + play + " <conference xmlns='urn:xmpp:bookmarks:1'/>\n");
}

TEST_CASE("bookmarks: a room that the client has never seen stays (PB29)")
{
    const std::vector<BookmarkItem> items { item(play), item(orchard) };
    const KnownRooms known(std::vector { item(play) });
    CHECK(changes(items, "", known) == "-" + play + "\n");
    CHECK(changes(items, "", KnownRooms()).empty());
}

TEST_CASE("bookmarks: a changed room keeps its extensions and what else the old form cannot say (PB30)")
{
    const std::vector<BookmarkItem> items { item(play, "name='The Play' x:a='1' xmlns:x='urn:x' later='2'",
        "<nick>JC</nick>" + extensions + "<other xmlns='urn:o'/>") };
    CHECK(changes(items, "<conference jid='" + play + "' name='Play'><nick>Puck</nick></conference>",
              KnownRooms(items))
        == "+" + play + " "
            + to_xml(item(play, "x:a='1' xmlns:x='urn:x' later='2' name='Play'",
                "<nick>Puck</nick>" + extensions + "<other xmlns='urn:o'/>")
                         .conference)
            + "\n");
}

TEST_CASE("bookmarks: a changed room keeps the id that its item has, prepared or not (PB29)")
{
    const std::vector<BookmarkItem> items { item("Orchard@Conference.shakespeare.lit") };
    CHECK(changes(items, "<conference jid='" + orchard + "' name='The Orchard'/>", KnownRooms(items))
        == "+Orchard@Conference.shakespeare.lit <conference xmlns='urn:xmpp:bookmarks:1' "
           "name='The Orchard'/>\n");
    CHECK(changes(items, "", KnownRooms(items)) == "-Orchard@Conference.shakespeare.lit\n");
}
