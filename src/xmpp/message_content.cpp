// SPDX-License-Identifier: Apache-2.0
#include "xmpp/message_content.hpp"

#include "xmpp/carbon.hpp"
#include "xmpp/ns.hpp"

#include <algorithm>
#include <array>

namespace stonechat {
namespace {

bool is_ciphertext(const Element& child)
{
    if (child.is("encrypted", ns::omemo) || child.is("encrypted", ns::omemo_2)) {
        return child.child("payload") != nullptr;
    }
    return child.is("openpgp", ns::openpgp) || child.is("x", ns::openpgp_legacy);
}

/// Elements that accompany a chat state and have no meaning of their own.
bool is_wrapping(const Element& child)
{
    const Namespace& ns = child.ns();
    return ns == ns::hints || ns == ns::stanza_id || ns == ns::occupant_id || ns == ns::muc_user
        || child.is("thread", ns::client);
}

} // namespace

bool has_ciphertext(const Element& message)
{
    const auto children = message.children();
    return std::any_of(children.begin(), children.end(),
        [](const Element* child) { return is_ciphertext(*child); });
}

bool is_call_invite(const Element& message)
{
    return message.child("propose", ns::call_invites) != nullptr;
}

bool is_only_chat_state(const Element& message)
{
    if (const Element* inner = carbon_content(message)) {
        return is_only_chat_state(*inner);
    }
    bool has_state = false;
    for (const Element* child : message.children()) {
        if (child->ns() == ns::chat_states) {
            has_state = true;
        } else if (!is_wrapping(*child)) {
            return false;
        }
    }
    return has_state && message.attribute_or("type") != "error";
}

bool is_tick(const Element& message)
{
    constexpr std::array marks { "received", "displayed", "acknowledged" };
    return message.child("body") == nullptr
        && (message.child("received", ns::receipts) != nullptr
            || std::any_of(marks.begin(), marks.end(),
                [&message](const char* mark) { return message.child(mark, ns::markers) != nullptr; }));
}

} // namespace stonechat
