// SPDX-License-Identifier: Apache-2.0
// Bookmarks of rooms in their two forms: an item for each room (XEP-0402), and one list of all, which may
// hold other things too (XEP-0048); and what a new list changes in the items. Pure.
#pragma once

#include "xmpp/element.hpp"

#include <cstddef>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace stonechat {

/// What both forms say about a room. An empty text is an absent one.
struct RoomBookmark {
    std::string room; ///< its address, prepared
    std::string name;
    std::string nick;
    std::string password;
    bool autojoin = false;
    friend bool operator==(const RoomBookmark&, const RoomBookmark&) = default;
};

/// An item of the node of XEP-0402.
struct BookmarkItem {
    std::string id; ///< the room's address
    Element conference;
};

/// Returns what an item says; nullopt if it is no bookmark of a room.
std::optional<RoomBookmark> read_bookmark(const BookmarkItem& item);
/// Returns the payload of an item. Everything else that `before` has, such as `<extensions/>`, stays.
Element to_conference(const RoomBookmark& bookmark, const Element* before = nullptr);

/// The contents of a `<storage/>` of XEP-0048.
struct BookmarkList {
    std::vector<RoomBookmark> rooms;  ///< each room once: the first entry counts
    std::vector<Element> others;      ///< what is no room: `<url/>`
    std::vector<std::string> invalid; ///< the addresses of rooms that are none
};
BookmarkList read_bookmark_list(const Element& storage);
Element to_bookmark_list(std::span<const BookmarkItem> items, std::span<const Element> others);

/// The rooms that a client knows to be in the list: a hash for each, since a list can be long.
class KnownRooms {
public:
    KnownRooms() = default;
    explicit KnownRooms(std::span<const RoomBookmark> rooms);
    explicit KnownRooms(std::span<const BookmarkItem> items);
    bool contains(std::string_view room) const;

private:
    std::vector<std::size_t> hashes_; ///< sorted
};

/// What a list changes in the items.
struct BookmarkChanges {
    std::vector<BookmarkItem> published;
    std::vector<std::string> retracted; ///< ids
};
/// Compares the items with the list of a client. A room that is not in the list was removed by the client if
/// it is in `known`; otherwise the client has never seen it, and it stays. What is no bookmark stays too.
BookmarkChanges bookmark_changes(std::span<const BookmarkItem> items, std::span<const RoomBookmark> list,
    const KnownRooms& known);

} // namespace stonechat
