// SPDX-License-Identifier: Apache-2.0
#include "xmpp/tombstone.hpp"

#include "xmpp/date_time.hpp"
#include "xmpp/ns.hpp"

#include <algorithm>

namespace stonechat {
namespace {

/// XEP-0359 §3: in a groupchat the room assigns the stanza-id.
bool is_id_of_room(const Element& child, const Element& message)
{
    if (!child.is("stanza-id", ns::stanza_id)) {
        return false;
    }
    const auto by = Jid::parse(child.attribute_or("by"));
    const auto from = Jid::parse(message.attribute_or("from"));
    return by && from && *by == from->bare();
}

/// XEP-0045 §7.5: marks a private message in a room.
bool is_private_mark(const Element& child)
{
    return child.is("x", ns::muc_user) && child.first_child() == nullptr;
}

bool is_private_in_room(const Element& message)
{
    const auto children = message.children();
    return std::any_of(children.begin(), children.end(),
        [](const Element* child) { return is_private_mark(*child); });
}

/// Elements that a room has added to a message, which the tombstone keeps.
bool is_of_room(const Element& child, const Element& message)
{
    if (message.attribute_or("type") == "groupchat") {
        return child.is("occupant-id", ns::occupant_id) || child.is("x", ns::muc_user)
            || is_id_of_room(child, message);
    }
    return (is_private_mark(child) || child.is("occupant-id", ns::occupant_id))
        && is_private_in_room(message);
}

} // namespace

void Moderation::add_to(Element& retraction) const
{
    Element& moderated = retraction.add("moderated", ns::moderation);
    if (!by.empty()) {
        moderated.set_attribute("by", by.text());
    }
    if (!occupant_id.empty()) {
        moderated.add("occupant-id", ns::occupant_id).set_attribute("id", occupant_id);
    }
    if (!reason.empty()) {
        retraction.add_text_child("reason", reason);
    }
}

Element tombstone(const Element& original, std::string_view id, WallTime stamp)
{
    Element grave("message", ns::client);
    for (const char* kept : { "from", "to", "type", "id" }) {
        if (const auto value = original.attribute(kept)) {
            grave.set_attribute(kept, *value);
        }
    }
    for (const Element* child : original.children()) {
        if (is_of_room(*child, original)) {
            grave.add(*child);
        }
    }
    Element& retracted = grave.add("retracted", ns::retraction);
    retracted.set_attribute("id", id).set_attribute("stamp", to_datetime(stamp));
    return grave;
}

Element tombstone(const Element& original, std::string_view id, WallTime stamp, const Moderation& moderation)
{
    Element grave = tombstone(original, id, stamp);
    moderation.add_to(*grave.child("retracted", ns::retraction));
    return grave;
}

bool is_tombstone(const Element& message)
{
    const auto children = message.children();
    return message.child("retracted", ns::retraction) != nullptr
        && std::all_of(children.begin(), children.end(), [&message](const Element* child) {
               return child->is("retracted", ns::retraction) || is_of_room(*child, message);
           });
}

} // namespace stonechat
