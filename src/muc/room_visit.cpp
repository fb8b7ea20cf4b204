// SPDX-License-Identifier: Apache-2.0
#include "muc/room_visit.hpp"

#include "muc/muc_service.hpp"
#include "muc/room_entrance.hpp"
#include "router/host.hpp"
#include "router/router.hpp"
#include "xmpp/ns.hpp"
#include "xmpp/serialize.hpp"

#include <algorithm>
#include <array>
#include <utility>
#include <variant>

namespace stonechat {
namespace {

bool wants_to_enter(const Stanza& presence)
{
    return presence.element().child("x", ns::muc) != nullptr;
}

/// Changes the nick of an occupant with all devices (§7.6). A client that enters under the new nick instead
/// of changing to it has lost track and gets everything anew (§7.2.1, §17.3).
void change_nick(Room& room, Occupant& occupant, Stanza presence)
{
    const std::string nick(presence.to().resource());
    if (auto refusal = nick_problem(room, presence.from(), nick)) {
        room.refuse(presence, *refusal);
        return;
    }
    const bool enters = wants_to_enter(presence);
    if (room.occupants().by_nick(nick) != nullptr) { // the nick belongs to the same user
        if (enters) {
            change_place(room, std::move(presence));
        } else {
            room.refuse(presence, StanzaError(StanzaError::conflict));
        }
        return;
    }
    Notice notice;
    notice.codes = { muc_status::new_nick };
    notice.new_nick = nick;
    // A copy keeps the old nick and its devices while the occupant is renamed, so that everybody is told
    // once.
    const Occupant old = occupant;
    if (is_shown(room, old, old.role)) { // otherwise nobody has seen the occupant
        say_nick_gone(room, old, notice);
    }
    for (const Device& device : old.devices) {
        show_departure_to_device(room, old, device, old.role, nullptr, notice);
    }
    room.occupants().rename(occupant, *room.address().with_resource(nick));
    Device& device = *occupant.device(presence.from());
    take_presence(device, presence);
    if (enters) {
        occupant.changed();
        show_to_others(room, occupant, device);
        synchronise(room, occupant, device, presence);
    } else {
        show(room, occupant);
    }
    room.kept_occupants().presence_changed();
}

/// §7.7
void change_presence(Room& room, Occupant& occupant, Device& device, Stanza presence)
{
    take_presence(device, presence);
    show(room, occupant);
}

/// §14.6: every occupant would get the long presence.
bool is_too_long(const Room& room, const Stanza& presence)
{
    const auto most = static_cast<std::size_t>(room.service().settings().integer("max_presence_bytes"));
    return xml_length(visible_content(presence.element()), ns::client) > most;
}

void receive_available(Room& room, Stanza presence)
{
    if (is_too_long(room, presence)) {
        room.refuse(presence,
            StanzaError(StanzaError::not_acceptable, "This presence is too long for a room"));
        return;
    }
    Occupant* occupant = room.occupants().by_device(presence.from());
    if (occupant == nullptr) {
        if (wants_to_enter(presence)) {
            enter(room, std::move(presence));
        } else { // §7.2.18: the client has lost track
            tell_outside(room, presence.to(), presence.from(), { muc_status::kicked, muc_status::technical });
        }
        return;
    }
    if (!presence.to().has_resource()) {
        room.refuse(presence, StanzaError(StanzaError::jid_malformed, StanzaError::Type::modify));
        return;
    }
    Device& device = *occupant->device(presence.from());
    const bool same_nick = presence.to() == occupant->address;
    if (same_nick && wants_to_enter(presence)) {
        enter_again(room, *occupant, device, std::move(presence));
        return;
    }
    if (!room.rates().allows_presence(presence.from())) {
        room.refuse(presence, StanzaError(StanzaError::resource_constraint));
        return;
    }
    if (same_nick) {
        change_presence(room, *occupant, device, std::move(presence));
    } else {
        change_nick(room, *occupant, std::move(presence));
    }
}

} // namespace

void receive_presence(Room& room, Stanza presence)
{
    switch (presence.presence_type()) {
    case PresenceType::available: receive_available(room, std::move(presence)); return;
    case PresenceType::unavailable: {
        const Element content = visible_content(presence.element());
        leave(room, presence.from(), &content); // does nothing if the device is not in the room (§17.3)
        return;
    }
    case PresenceType::error: {
        if (is_delivery_error(presence)) {
            Notice notice;
            notice.codes = { muc_status::technical };
            leave(room, presence.from(), nullptr, notice);
        }
        return;
    }
    case PresenceType::probe: // §17.3: optional; clients enter to see presence
    case PresenceType::subscribe:
    case PresenceType::subscribed:
    case PresenceType::unsubscribe:
    case PresenceType::unsubscribed: return; // a room is nobody's contact
    }
}

void leave(Room& room, const Jid& device, const Element* content, const Notice& notice)
{
    Occupant* occupant = room.occupants().by_device(device);
    if (occupant == nullptr) {
        return;
    }
    // A client that leaves a locked room gets no <destroy/> (§10.1.3), although the room ends. Smack waits
    // for the answer with its lock held and hangs when it reads of a destroyed room.
    show_departure_to_device(room, *occupant, *occupant->device(device), Role::none, content, notice);
    if (occupant->devices.size() > 1) {
        room.occupants().remove_device(*occupant, device);
        show(room, *occupant);
        return;
    }
    const Occupant gone = *occupant;
    room.occupants().remove(*occupant);
    show_departure(room, gone, Role::none, content, notice);
    room.after_leaving();
}

Function<void()> remove_occupant(Room& room, Occupant& occupant, const Notice& notice)
{
    const Occupant gone = occupant;
    for (const Device& device : gone.devices) {
        show_departure_to_device(room, gone, device, Role::none, nullptr, notice);
    }
    room.occupants().remove(occupant);
    return [held = room.shared_from_this(), gone, notice] {
        show_departure(*held, gone, Role::none, nullptr, notice);
        held->after_leaving();
    };
}

void destroy_room(Room& room, Notice notice)
{
    if (!notice.destroy) {
        notice.destroy = Element("destroy", ns::muc_user);
    }
    const auto held = room.shared_from_this();
    std::vector<Occupant> all;
    room.occupants().for_each([&all](const Occupant& occupant) { all.push_back(occupant); });
    for (const Occupant& occupant : all) {
        // §10.9: each occupant is told about its own removal only, with affiliation none.
        for (const Device& device : occupant.devices) {
            Stanza farewell = farewell_of(room, occupant, false, Role::none, nullptr, notice);
            Element* item = farewell.element().child("x", ns::muc_user)->child("item");
            item->set_attribute("affiliation", "none");
            farewell.element()
                .child("x", ns::muc_user)
                ->add("status")
                .set_attribute("code", std::to_string(muc_status::self));
            farewell.set_to(device.jid());
            room.emit([held, farewell = std::move(farewell)] { held->send(farewell); });
        }
        room.occupants().remove(*room.occupants().by_nick(occupant.nick()));
    }
    room.end();
}

bool is_delivery_error(const Stanza& stanza)
{
    using Condition = StanzaError::Condition;
    constexpr std::array conditions { Condition::gone, Condition::item_not_found,
        Condition::recipient_unavailable, Condition::redirect, Condition::remote_server_not_found,
        Condition::remote_server_timeout };
    const Element* element = stanza.element().child("error");
    const auto error = element == nullptr ? std::nullopt : StanzaError::from_element(*element);
    return error && std::find(conditions.begin(), conditions.end(), error->condition()) != conditions.end();
}

} // namespace stonechat
