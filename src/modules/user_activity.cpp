// SPDX-License-Identifier: Apache-2.0
#include "modules/user_activity.hpp"

#include "xmpp/message_content.hpp"
#include "xmpp/ns.hpp"

#include <algorithm>

namespace stonechat {
namespace {

/// Returns whether the user caused this child of a message. An app sends without its user: receipts
/// (XEP-0184), the marker `received` (XEP-0333), `ringing` (XEP-0353), and all chat states except `composing`
/// (XEP-0085).
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

/// Returns whether the presence shows that the user is there: it changes <show/>, or it ends an idle time
/// (XEP-0319). A first presence does not count: a push may have woken the app. Nor does going idle, which a
/// timer of the app causes.
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
