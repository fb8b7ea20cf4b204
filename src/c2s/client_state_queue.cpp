// SPDX-License-Identifier: Apache-2.0
#include "c2s/client_state_queue.hpp"

#include "xmpp/message_content.hpp"
#include "xmpp/ns.hpp"

#include <utility>

namespace stonechat {
namespace {

/// Returns whether this is the client's own presence in a room (status 110, XEP-0045 §7.2.2). The client
/// waits for it: it says that the client has joined, changed its nickname or left.
bool is_own_in_room(const Element& presence)
{
    const Element* room = presence.child("x", ns::muc_user);
    if (room == nullptr) {
        return false;
    }
    for (const Element* status : room->children("status", ns::muc_user)) {
        if (status->attribute_or("code") == "110") {
            return true;
        }
    }
    return false;
}

ClientStateQueue::Fate fate_of_presence(const Stanza& presence)
{
    switch (presence.presence_type()) {
    case PresenceType::available:
    case PresenceType::unavailable:
        return is_own_in_room(presence.element()) ? ClientStateQueue::Fate::at_once
                                                  : ClientStateQueue::Fate::last_of_sender;
    case PresenceType::subscribe:
    case PresenceType::subscribed:
    case PresenceType::unsubscribe:
    case PresenceType::unsubscribed:
    case PresenceType::probe:
    case PresenceType::error: return ClientStateQueue::Fate::at_once;
    }
    return ClientStateQueue::Fate::at_once;
}

} // namespace

ClientStateQueue::Fate ClientStateQueue::fate_of(const Stanza& stanza)
{
    switch (stanza.kind()) {
    case StanzaKind::presence: return fate_of_presence(stanza);
    case StanzaKind::message: return is_only_chat_state(stanza.element()) ? Fate::never : Fate::at_once;
    case StanzaKind::iq: return Fate::at_once;
    }
    return Fate::at_once;
}

bool ClientStateQueue::take(const Stanza& stanza)
{
    switch (fate_of(stanza)) {
    case Fate::at_once: return false;
    case Fate::never: return true;
    case Fate::last_of_sender: break;
    }
    const std::string& sender = stanza.from().text();
    if (const auto earlier = by_sender_.find(sender); earlier != by_sender_.end()) {
        bytes_ -= earlier->second->wire.size();
        waiting_.erase(earlier->second);
        by_sender_.erase(earlier);
    }
    const WireForm* wire = stanza.wire();
    waiting_.push_back({ wire ? *wire : WireForm(stanza.element(), ns::client), stanza.to().text() });
    by_sender_.emplace(sender, std::prev(waiting_.end()));
    bytes_ += waiting_.back().wire.size();
    return true;
}

std::list<ClientStateQueue::Held> ClientStateQueue::let_out()
{
    by_sender_.clear();
    bytes_ = 0;
    return std::exchange(waiting_, {});
}

} // namespace stonechat
