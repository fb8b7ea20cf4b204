// SPDX-License-Identifier: Apache-2.0
#include "modules/user_activity.hpp"

#include "xmpp/message_content.hpp"
#include "xmpp/ns.hpp"

#include <algorithm>

namespace stonechat {
namespace {

/// One child of a message that the user has caused. An app sends by itself: receipts (XEP-0184), the
/// marker `received` (XEP-0333), that it is ringing (XEP-0353), every chat state but typing (XEP-0085).
bool is_act_of_user(const Element& child)
{
    const Namespace& ns = child.ns();
    if (ns == ns::client) {
        return child.name() == "body" || child.name() == "subject";
    }
    if (ns == ns::markers) {
        return child.name() == "displayed" || child.name() == "acknowledged";
    }
    if (ns == ns::call_invites) {
        return child.name() != "ringing";
    }
    return child.is("composing", ns::chat_states) || child.is("replace", ns::correction)
        || child.is("retract", ns::retraction) || child.is("reactions", ns::reactions)
        || child.is("x", ns::conference);
}

bool is_act_of_user(const Stanza& message)
{
    const auto children = message.element().children();
    return has_ciphertext(message.element())
        || std::any_of(children.begin(), children.end(),
            [](const Element* child) { return is_act_of_user(*child); });
}

/// A first presence may be that of an app that was woken by a push; going idle is a matter of minutes
/// passed (XEP-0319). But who changes what he shows, or comes back, is there.
bool shows_the_user(const Stanza& presence, const Stanza* shown)
{
    if (shown == nullptr || !presence.to().empty() || presence.presence_type() != PresenceType::available
        || presence.element().child("idle", ns::idle) != nullptr) {
        return false;
    }
    return presence.element().child_text("show") != shown->element().child_text("show")
        || shown->element().child("idle", ns::idle) != nullptr;
}

} // namespace

bool is_user_activity(const Stanza& stanza, const Stanza* shown)
{
    switch (stanza.kind()) {
    case StanzaKind::message: return !stanza.is_error() && is_act_of_user(stanza);
    case StanzaKind::presence: return shows_the_user(stanza, shown);
    case StanzaKind::iq: return false;
    }
    return false;
}

} // namespace stonechat
