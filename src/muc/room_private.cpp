// SPDX-License-Identifier: Apache-2.0
#include "muc/room_private.hpp"

#include "router/host.hpp"
#include "router/router.hpp"
#include "xmpp/delay.hpp"
#include "xmpp/ns.hpp"

#include <utility>

namespace stonechat {
namespace {

/// muc#roomconfig_allowpm: whether the sender may send private messages.
bool may_write(const Room& room, const Occupant& sender)
{
    switch (room.config().private_messages) {
    case RoomConfig::PrivateMessages::anyone: return true;
    case RoomConfig::PrivateMessages::participants: return sender.role >= Role::participant;
    case RoomConfig::PrivateMessages::moderators: return sender.role == Role::moderator;
    case RoomConfig::PrivateMessages::nobody: return false;
    }
    return false;
}

std::optional<StanzaError> private_message_problem(Room& room, const Stanza& message)
{
    const Occupant* sender = room.occupants().by_device(message.from());
    if (sender == nullptr) {
        return StanzaError(StanzaError::not_acceptable);
    }
    if (message.message_type() == MessageType::groupchat) {
        return StanzaError(StanzaError::bad_request);
    }
    if (room.occupants().by_nick(message.to().resource()) == nullptr) {
        return StanzaError(StanzaError::item_not_found);
    }
    if (!may_write(room, *sender)) {
        return StanzaError(StanzaError::forbidden);
    }
    if (!room.rates().allows_message(sender->user)) {
        return StanzaError(StanzaError::resource_constraint, StanzaError::Type::wait, "Too many messages");
    }
    return std::nullopt;
}

/// Returns the message as its recipient gets it.
Stanza passed_on(const Room& room, const Occupant& sender, Stanza message)
{
    message.set_from(sender.address);
    Element& element = message.element();
    element.remove_children_if([](const Element& child) {
        return child.ns() == ns::muc_user || child.ns() == ns::occupant_id;
    });
    strip_forged_delays(element, room.address().domain());
    element.add("x", ns::muc_user);
    element.add("occupant-id", ns::occupant_id).set_attribute("id", sender.id);
    // The room itself sends it to each device in the room (§7.2.8), so carbons are not needed.
    if (element.child("no-copy", ns::hints) == nullptr) {
        element.add("no-copy", ns::hints);
    }
    return message;
}

} // namespace

void receive_private(Room& room, Stanza message, Settlement& settlement)
{
    if (auto refusal = private_message_problem(room, message)) {
        room.refuse(message, *refusal);
        return;
    }
    const Occupant& sender = *room.occupants().by_device(message.from());
    const Occupant& recipient = *room.occupants().by_nick(message.to().resource());
    Stanza passed = passed_on(room, sender, std::move(message));
    bool first = true;
    for (const Device& device : recipient.devices) {
        Stanza copy = passed;
        copy.set_to(device.jid());
        if (!std::exchange(first, false)) {
            copy.element().add("no-store", ns::hints); // the recipient's archive has the first copy
        }
        room.emit([held = room.shared_from_this(), copy = std::move(copy),
                      hold = std::exchange(settlement, settlement.share_with_copy())]() mutable {
            held->host().router().route(std::move(copy), std::move(hold));
        });
    }
}

void return_private(Room& room, const Stanza& error)
{
    const Occupant* recipient = room.occupants().by_device(error.from());
    const Occupant* sender = room.occupants().by_nick(error.to().resource());
    if (recipient == nullptr || sender == nullptr) {
        return;
    }
    for (const Device& device : sender->devices) {
        Stanza copy = error;
        copy.set_from(recipient->address);
        copy.set_to(device.jid());
        if (Element* element = copy.element().child("error")) {
            element->remove_attribute("by");
        }
        room.send(std::move(copy));
    }
}

} // namespace stonechat
