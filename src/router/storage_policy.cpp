// SPDX-License-Identifier: Apache-2.0
#include "router/storage_policy.hpp"

#include "xmpp/ns.hpp"

#include <algorithm>
#include <array>
#include <string_view>
#include <utility>

namespace stonechat {
namespace {

/// The policy for a message with this child. `*` matches any name.
struct Rule {
    std::string_view name;
    std::string_view ns;
    StoragePolicy policy;
};

constexpr std::array rows {
    // Text of people, and later changes of it.
    Rule { "body", ns::client, StoragePolicy::archived },
    Rule { "subject", ns::client, StoragePolicy::archived },
    Rule { "replace", ns::correction, StoragePolicy::archived },
    Rule { "retract", ns::retraction, StoragePolicy::archived },
    Rule { "reactions", ns::reactions, StoragePolicy::archived },
    Rule { "reply", ns::reply, StoragePolicy::archived },
    // The same, encrypted.
    Rule { "encryption", ns::encryption, StoragePolicy::archived },
    Rule { "encrypted", ns::omemo, StoragePolicy::archived },
    Rule { "encrypted", ns::omemo_2, StoragePolicy::archived },
    Rule { "openpgp", ns::openpgp, StoragePolicy::archived },
    Rule { "x", ns::openpgp_legacy, StoragePolicy::archived },
    // Receipts and markers: other devices show them too.
    Rule { "received", ns::receipts, StoragePolicy::archived },
    Rule { "received", ns::markers, StoragePolicy::archived },
    Rule { "displayed", ns::markers, StoragePolicy::archived },
    Rule { "acknowledged", ns::markers, StoragePolicy::archived },
    // Invitations to a call (XEP-0353 §3) and to a room (XEP-0249; XEP-0045 in `policy_of_room`).
    Rule { "*", ns::call_invites, StoragePolicy::archived },
    Rule { "x", ns::conference, StoragePolicy::archived },
    // Useless later, or meaningless without what comes with it.
    Rule { "*", ns::chat_states, StoragePolicy::nothing },
    Rule { "*", ns::hints, StoragePolicy::nothing },
    Rule { "thread", ns::client, StoragePolicy::nothing },
    Rule { "request", ns::receipts, StoragePolicy::nothing },
    Rule { "markable", ns::markers, StoragePolicy::nothing },
    Rule { "fallback", ns::fallback, StoragePolicy::nothing },
    Rule { "*", ns::stanza_id, StoragePolicy::nothing },
    Rule { "*", ns::delay, StoragePolicy::nothing },
};

/// Unknown content may matter to its recipient, but is not worth archiving.
constexpr StoragePolicy unknown_content = StoragePolicy::until_delivered;

/// XEP-0045 §7.8: a mediated invitation is archived. A declined invitation, and other notices of a room
/// outside its conversation, are delivered once and not archived. An empty element only marks a private
/// message of a room (§7.5).
StoragePolicy policy_of_room(const Element& x)
{
    if (x.child("invite") != nullptr) {
        return StoragePolicy::archived;
    }
    return x.child_count() == 0 ? StoragePolicy::nothing : unknown_content;
}

StoragePolicy storage_policy_of(const Element& child)
{
    if (child.is("x", ns::muc_user)) {
        return policy_of_room(child);
    }
    const auto row = std::find_if(rows.begin(), rows.end(), [&child](const Rule& candidate) {
        return child.ns() == candidate.ns && (candidate.name == "*" || child.name() == candidate.name);
    });
    return row == rows.end() ? unknown_content : row->policy;
}

StoragePolicy policy_of_content(const Element& message)
{
    StoragePolicy policy = StoragePolicy::nothing;
    for (const Element* child : message.children()) {
        policy = std::max(policy, storage_policy_of(*child));
    }
    return policy;
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
    case MessageType::groupchat:           // stored by the room
    case MessageType::headline:            // RFC 6121 §5.2.2
    case MessageType::error: return false; // RFC 6121 §8.5.2.2.1
    }
    return false;
}

} // namespace

StoragePolicy storage_policy_of(const Message& message)
{
    return may_be_kept(message.type()) ? storage_policy_in_room(message) : StoragePolicy::nothing;
}

StoragePolicy storage_policy_in_room(const Message& message)
{
    const Element& element = std::as_const(message.stanza()).element();
    if (has_hint(element, "no-store")) {
        return StoragePolicy::nothing;
    }
    const StoragePolicy policy = has_hint(element, "store") ? StoragePolicy::archived
                                                            : policy_of_content(element);
    return has_hint(element, "no-permanent-store") ? std::min(policy, StoragePolicy::until_delivered)
                                                   : policy;
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
