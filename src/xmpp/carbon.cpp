// SPDX-License-Identifier: Apache-2.0
#include "xmpp/carbon.hpp"

#include "xmpp/ns.hpp"

#include <algorithm>

namespace stonechat {
namespace {

/// §9, XEP-0334 §4.3: the sender wants only the addressed session to get it.
bool asks_for_no_copies(const Stanza& message)
{
    const Element& element = message.element();
    return element.child("private", ns::carbons) != nullptr
        || (message.to().has_resource() && element.child("no-copy", ns::hints) != nullptr);
}

/// Receipts, chat states and markers (XEP-0184, XEP-0085, XEP-0333), and invitations to rooms (XEP-0249).
bool has_im_payload(const Element& message)
{
    const auto children = message.children();
    return std::any_of(children.begin(), children.end(), [](const Element* child) {
        return child->ns() == ns::chat_states || child->ns() == ns::receipts || child->ns() == ns::markers
            || child->is("x", ns::conference);
    });
}

} // namespace

Stanza carbon_of(const Stanza& message, CopyDirection direction, const Jid& account, const Jid& session)
{
    Stanza copy = Stanza::message(account, session, message.message_type());
    const std::string_view name = direction == CopyDirection::sent ? "sent" : "received";
    Element& wrapper = copy.element().add(name, ns::carbons);
    wrapper.add("forwarded", ns::forward).add(message.element());
    return copy;
}

const Element* carbon_content(const Element& message)
{
    const Element* wrapper = message.child("received", ns::carbons);
    if (wrapper == nullptr) {
        wrapper = message.child("sent", ns::carbons);
    }
    const Element* forwarded = wrapper ? wrapper->child("forwarded", ns::forward) : nullptr;
    return forwarded ? forwarded->child("message", ns::client) : nullptr;
}

bool is_carbon_eligible(const Stanza& message, CopyDirection direction)
{
    const Element& element = message.element();
    const MessageType type = message.message_type();
    if (type == MessageType::groupchat || type == MessageType::error || asks_for_no_copies(message)) {
        return false;
    }
    if (const Element* room = element.child("x", ns::muc_user)) {
        // An invitation is for the user, so it is copied. The room itself sends a private message to every
        // device of the occupant, so that is not copied.
        if (room->child("invite") != nullptr || direction == CopyDirection::sent) {
            return true;
        }
        if (message.from().has_resource()) {
            return false;
        }
    }
    return type == MessageType::chat || (type == MessageType::normal && element.child("body") != nullptr)
        || has_im_payload(element);
}

} // namespace stonechat
