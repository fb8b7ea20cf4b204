// SPDX-License-Identifier: Apache-2.0
#include "xmpp/bookmarks.hpp"

#include "xmpp/jid.hpp"
#include "xmpp/ns.hpp"

#include <algorithm>
#include <functional>
#include <map>
#include <set>
#include <utility>

namespace stonechat {
namespace {

bool is_true(std::string_view text)
{
    return text == "true" || text == "1";
}

RoomBookmark read_conference(const Jid& room, const Element& conference)
{
    return { room.text(), std::string(conference.attribute_or("name")), conference.child_text("nick"),
        conference.child_text("password"), is_true(conference.attribute_or("autojoin")) };
}

/// What both forms have in common.
void write_common(const RoomBookmark& bookmark, Element& conference)
{
    if (!bookmark.name.empty()) {
        conference.set_attribute("name", bookmark.name);
    }
    if (bookmark.autojoin) {
        conference.set_attribute("autojoin", "true");
    }
    if (!bookmark.nick.empty()) {
        conference.add_text_child("nick", bookmark.nick);
    }
    if (!bookmark.password.empty()) {
        conference.add_text_child("password", bookmark.password);
    }
}

bool is_common(const Element& child)
{
    return child.is("nick", ns::bookmarks) || child.is("password", ns::bookmarks);
}

/// The items by the prepared addresses of their rooms.
std::map<std::string, const BookmarkItem*, std::less<>> by_room(std::span<const BookmarkItem> items)
{
    std::map<std::string, const BookmarkItem*, std::less<>> rooms;
    for (const BookmarkItem& item : items) {
        if (const auto bookmark = read_bookmark(item)) {
            rooms.try_emplace(bookmark->room, &item);
        }
    }
    return rooms;
}

} // namespace

std::optional<RoomBookmark> read_bookmark(const BookmarkItem& item)
{
    const auto room = Jid::parse(item.id);
    if (!room || !item.conference.is("conference", ns::bookmarks)) {
        return std::nullopt;
    }
    return read_conference(*room, item.conference);
}

Element to_conference(const RoomBookmark& bookmark, const Element* before)
{
    Element conference("conference", ns::bookmarks);
    if (before != nullptr) {
        for (const Attribute& each : before->attributes()) {
            if (!each.ns.text().empty() || (each.name != "name" && each.name != "autojoin")) {
                conference.append_attribute(each);
            }
        }
    }
    write_common(bookmark, conference);
    if (before != nullptr) {
        for (const Element* child : before->children()) {
            if (!is_common(*child)) {
                conference.add(*child);
            }
        }
    }
    return conference;
}

BookmarkList read_bookmark_list(const Element& storage)
{
    BookmarkList list;
    std::set<std::string> seen;
    for (const Element* child : storage.children()) {
        if (!child->is("conference", ns::bookmarks_old)) {
            list.others.push_back(*child);
            continue;
        }
        const auto room = Jid::parse(child->attribute_or("jid"));
        if (!room) {
            list.invalid.emplace_back(child->attribute_or("jid"));
        } else if (seen.insert(room->text()).second) {
            list.rooms.push_back(read_conference(*room, *child));
        }
    }
    return list;
}

Element to_bookmark_list(std::span<const BookmarkItem> items, std::span<const Element> others)
{
    Element storage("storage", ns::bookmarks_old);
    std::set<std::string> seen;
    for (const BookmarkItem& item : items) {
        const auto bookmark = read_bookmark(item);
        if (bookmark && seen.insert(bookmark->room).second) {
            Element& conference = storage.add("conference");
            conference.set_attribute("jid", bookmark->room);
            write_common(*bookmark, conference);
        }
    }
    for (const Element& other : others) {
        storage.add(other);
    }
    return storage;
}

KnownRooms::KnownRooms(std::span<const RoomBookmark> rooms)
{
    for (const RoomBookmark& each : rooms) {
        hashes_.push_back(std::hash<std::string_view>()(each.room));
    }
    std::sort(hashes_.begin(), hashes_.end());
}

KnownRooms::KnownRooms(std::span<const BookmarkItem> items)
{
    for (const auto& [room, item] : by_room(items)) {
        hashes_.push_back(std::hash<std::string_view>()(room));
    }
    std::sort(hashes_.begin(), hashes_.end());
}

bool KnownRooms::contains(std::string_view room) const
{
    return std::binary_search(hashes_.begin(), hashes_.end(), std::hash<std::string_view>()(room));
}

BookmarkChanges bookmark_changes(std::span<const BookmarkItem> items, std::span<const RoomBookmark> list,
    const KnownRooms& known)
{
    auto now = by_room(items);
    BookmarkChanges changes;
    for (const RoomBookmark& wanted : list) {
        const auto found = now.find(wanted.room);
        if (found == now.end()) {
            changes.published.push_back({ wanted.room, to_conference(wanted) });
            continue;
        }
        const BookmarkItem& item = *found->second;
        if (*read_bookmark(item) != wanted) {
            changes.published.push_back({ item.id, to_conference(wanted, &item.conference) });
        }
        now.erase(found);
    }
    for (const auto& [room, item] : now) {
        if (known.contains(room)) {
            changes.retracted.push_back(item->id);
        }
    }
    return changes;
}

} // namespace stonechat
