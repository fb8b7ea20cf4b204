// SPDX-License-Identifier: Apache-2.0
#include "router/keep.hpp"

#include "xmpp/ns.hpp"

#include <algorithm>
#include <array>
#include <string_view>
#include <utility>

namespace stonechat {
namespace {

/// What one child of a message makes of it. `*` is any name.
struct Rule {
    std::string_view name;
    std::string_view ns;
    Keep keep;
};

constexpr std::array rows {
    // What people say, and what changes it later.
    Rule { "body", ns::client, Keep::archived },
    Rule { "subject", ns::client, Keep::archived },
    Rule { "replace", ns::correction, Keep::archived },
    Rule { "retract", ns::retraction, Keep::archived },
    Rule { "reactions", ns::reactions, Keep::archived },
    Rule { "reply", ns::reply, Keep::archived },
    // The same, where only its recipient can read it.
    Rule { "encryption", ns::encryption, Keep::archived },
    Rule { "encrypted", ns::omemo, Keep::archived },
    Rule { "encrypted", ns::omemo_2, Keep::archived },
    Rule { "openpgp", ns::openpgp, Keep::archived },
    Rule { "x", ns::openpgp_legacy, Keep::archived },
    // How far it came: other devices show it too.
    Rule { "received", ns::receipts, Keep::archived },
    Rule { "received", ns::markers, Keep::archived },
    Rule { "displayed", ns::markers, Keep::archived },
    Rule { "acknowledged", ns::markers, Keep::archived },
    // Invitations to a call (XEP-0353 §3) and to a room (XEP-0249; XEP-0045 in `keep_of_room`).
    Rule { "*", ns::call_invites, Keep::archived },
    Rule { "x", ns::conference, Keep::archived },
    // Stale before it is read, or nothing without what it goes along with.
    Rule { "*", ns::chat_states, Keep::nothing },
    Rule { "*", ns::hints, Keep::nothing },
    Rule { "thread", ns::client, Keep::nothing },
    Rule { "request", ns::receipts, Keep::nothing },
    Rule { "markable", ns::markers, Keep::nothing },
    Rule { "fallback", ns::fallback, Keep::nothing },
    Rule { "*", ns::stanza_id, Keep::nothing },
    Rule { "*", ns::delay, Keep::nothing },
};

/// Content that we do not know may matter to its recipient, but says nothing to people who look back.
constexpr Keep unknown_content = Keep::until_delivered;

/// XEP-0045 §7.8: a mediated invitation is archived. That it was declined, or what else a room says beside
/// its conversation, is heard once and says nothing to who looks back. In a private message of a room the
/// element only says that it is one (§7.5).
Keep keep_of_room(const Element& x)
{
    if (x.child("invite") != nullptr) {
        return Keep::archived;
    }
    return x.child_count() == 0 ? Keep::nothing : unknown_content;
}

Keep keep_of(const Element& child)
{
    if (child.is("x", ns::muc_user)) {
        return keep_of_room(child);
    }
    const auto row = std::find_if(rows.begin(), rows.end(), [&child](const Rule& candidate) {
        return child.ns() == candidate.ns && (candidate.name == "*" || child.name() == candidate.name);
    });
    return row == rows.end() ? unknown_content : row->keep;
}

Keep keep_of_content(const Element& message)
{
    Keep keep = Keep::nothing;
    for (const Element* child : message.children()) {
        keep = std::max(keep, keep_of(*child));
    }
    return keep;
}

bool has_hint(const Element& message, std::string_view hint)
{
    return message.child(hint, ns::hints) != nullptr;
}

bool may_be_kept(MessageType type)
{
    switch (type) {
    case MessageType::normal:
    case MessageType::chat: return true;
    case MessageType::groupchat:           // the room has it
    case MessageType::headline:            // RFC 6121 §5.2.2
    case MessageType::error: return false; // RFC 6121 §8.5.2.2.1
    }
    return false;
}

} // namespace

Keep keep_of(const Message& message)
{
    return may_be_kept(message.type()) ? keep_in_room(message) : Keep::nothing;
}

Keep keep_in_room(const Message& message)
{
    const Element& element = std::as_const(message.stanza()).element();
    if (has_hint(element, "no-store")) {
        return Keep::nothing;
    }
    const Keep keep = has_hint(element, "store") ? Keep::archived : keep_of_content(element);
    return has_hint(element, "no-permanent-store") ? std::min(keep, Keep::until_delivered) : keep;
}

bool is_searchable(const Element& message)
{
    constexpr std::array ciphers { ns::encryption, ns::omemo, ns::omemo_2, ns::openpgp, ns::openpgp_legacy };
    bool has_text = false;
    for (const Element* child : message.children()) {
        if (std::find(ciphers.begin(), ciphers.end(), child->ns().text()) != ciphers.end()) {
            return false;
        }
        has_text = has_text || (child->is("body", ns::client) && !child->text().empty());
    }
    return has_text;
}

} // namespace stonechat
