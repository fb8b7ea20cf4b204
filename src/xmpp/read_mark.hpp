// SPDX-License-Identifier: Apache-2.0
// Read marks (XEP-0490): up to which message a conversation has been read. Pure.
#pragma once

#include "xmpp/element.hpp"
#include "xmpp/jid.hpp"

#include <optional>
#include <string>
#include <string_view>

namespace stonechat {

struct ReadMark {
    Jid conversation; ///< a contact, a room, or an occupant of a room
    Jid by;           ///< whose archive gave the id: the account, or the room
    std::string id;   ///< the newest message that was read
};

/// Reads an item of the node. Returns nullopt if it is no mark.
std::optional<ReadMark> read_mark(std::string_view item_id, std::string_view payload);
/// Reads `<displayed/>`. Returns nullopt if it is none.
std::optional<ReadMark> read_mark(const Jid& conversation, const Element& displayed);

/// Returns `<displayed/>` with a `<stanza-id/>`.
Element to_read_mark(const Jid& by, std::string_view id);

} // namespace stonechat
