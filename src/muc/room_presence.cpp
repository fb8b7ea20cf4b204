// SPDX-License-Identifier: Apache-2.0
#include "muc/room_presence.hpp"

#include "muc/muc_service.hpp"
#include "muc/room.hpp"
#include "muc/room_handlers.hpp"
#include "router/host.hpp"
#include "router/router.hpp"
#include "xmpp/ns.hpp"
#include "xmpp/stream_parser.hpp"

#include <memory>
#include <utility>

namespace stonechat {
namespace {

Element item_of(const Room& room, const Occupant& occupant, Role role, bool real, const Notice& notice)
{
    Element item("item", ns::muc_user);
    item.set_attribute("affiliation", to_text(room.affiliation(occupant.user)));
    item.set_attribute("role", to_text(role));
    if (real && !occupant.devices.empty()) {
        item.set_attribute("jid", occupant.shown().jid().text());
    }
    if (!notice.new_nick.empty()) {
        item.set_attribute("nick", notice.new_nick);
    }
    if (!notice.actor.empty()) {
        item.add("actor").set_attribute("nick", notice.actor);
    }
    if (!notice.reason.empty()) {
        item.add_text_child("reason", notice.reason);
    }
    return item;
}

/// Returns `<x/>` with the item, the status codes in rising order, and `<destroy/>`.
Element user_element(Element item, const Notice& notice)
{
    Element x("x", ns::muc_user);
    x.add(std::move(item));
    for (const int code : notice.codes) {
        x.add("status").set_attribute("code", std::to_string(code));
    }
    if (notice.destroy) {
        x.add(*notice.destroy);
    }
    return x;
}

void add_identity(Element& presence, const Occupant& occupant)
{
    presence.add("occupant-id", ns::occupant_id).set_attribute("id", occupant.id); // XEP-0421
}

/// Parses a device's stored presence. It was parsed before, so this fails only if the limits for streams are
/// wider than those for stored data.
Element read_presence(const Device& device)
{
    auto presence = parse_element(device.presence);
    return presence ? std::move(*presence) : Element("presence", ns::client);
}

void append_content(Element& presence, const Element& content)
{
    for (const auto& node : content.nodes()) {
        presence.nodes().push_back(node);
    }
    if (!content.lang().empty()) {
        presence.set_lang(content.lang());
    }
    if (const auto id = content.attribute("id")) {
        presence.set_attribute("id", *id);
    }
}

Notice with_self(Notice notice)
{
    // In rising order, as in the examples of XEP-0045.
    auto place = notice.codes.begin();
    while (place != notice.codes.end() && *place < muc_status::self) {
        ++place;
    }
    notice.codes.insert(place, muc_status::self);
    return notice;
}

/// Sends to all but `except`: `real` to those who may see real addresses, `plain` to the others.
void say_to_all(Room& room, Stanza plain, Stanza real, const Except& except)
{
    if (!room.config().is_anonymous()) {
        room.say(std::move(real), room.occupants().everybody(), except);
        return;
    }
    if (!room.occupants().others()->empty()) {
        room.say(std::move(plain), room.occupants().others(), except);
    }
    if (!room.occupants().moderators()->empty()) {
        room.say(std::move(real), room.occupants().moderators(), except);
    }
}

void send_later(Room& room, Stanza stanza, const Jid& to)
{
    stanza.set_to(to);
    room.emit([held = room.shared_from_this(), stanza = std::move(stanza)] { held->send(stanza); });
}

Stanza presence_with(const Element& content, const Room& room, const Occupant& occupant, bool real,
    const Notice& notice)
{
    Stanza presence = Stanza::presence(occupant.address, Jid());
    Element& element = presence.element();
    append_content(element, content);
    add_identity(element, occupant);
    element.add(user_element(item_of(room, occupant, occupant.role, real, notice), notice));
    room.hats().add_to(element, occupant.user);
    return presence;
}

/// Sends the occupant's presence to all others, with the real address for those who may see it.
void show_to_all(Room& room, const Occupant& occupant, const Notice& notice)
{
    if (is_shown(room, occupant, occupant.role)) {
        const Element content = read_presence(occupant.shown());
        say_to_all(room, presence_with(content, room, occupant, false, notice),
            presence_with(content, room, occupant, true, notice), occupant.recipients());
    }
}

} // namespace

Stanza presence_of(const Room& room, const Occupant& occupant, bool real, const Notice& notice)
{
    return presence_with(read_presence(occupant.shown()), room, occupant, real, notice);
}

Stanza farewell_of(const Room& room, const Occupant& occupant, bool real, Role role, const Element* content,
    const Notice& notice)
{
    Stanza presence = Stanza::presence(occupant.address, Jid(), PresenceType::unavailable);
    Element& element = presence.element();
    if (content != nullptr) {
        append_content(element, *content);
    }
    add_identity(element, occupant);
    element.add(user_element(item_of(room, occupant, role, real, notice), notice));
    return presence;
}

void show(Room& room, Occupant& occupant, const Notice& notice)
{
    occupant.changed();
    occupant.joined_large_room = occupant.joined_large_room && room.is_large(room.occupants().size());
    show_to_all(room, occupant, notice);
    show_to_self(room, occupant, notice);
}

void show_to_others(Room& room, Occupant& occupant, const Device& entered)
{
    show_to_all(room, occupant, {});
    for (const Device& device : occupant.devices) {
        if (&device != &entered) {
            show_to_device(room, occupant, device, {});
        }
    }
}

void show_to_self(Room& room, const Occupant& occupant, const Notice& notice)
{
    for (const Device& device : occupant.devices) {
        show_to_device(room, occupant, device, notice);
    }
}

void show_to_device(Room& room, const Occupant& occupant, const Device& device, const Notice& notice)
{
    send_later(room, presence_of(room, occupant, true, with_self(notice)), device.jid());
}

void show_departure(Room& room, const Occupant& gone, Role role, const Element* content, const Notice& notice)
{
    if (!is_shown(room, gone, gone.role)) {
        return;
    }
    say_to_all(room, farewell_of(room, gone, false, role, content, notice),
        farewell_of(room, gone, true, role, content, notice), {});
}

void say_nick_gone(Room& room, const Occupant& occupant, const Notice& notice)
{
    say_to_all(room, farewell_of(room, occupant, false, occupant.role, nullptr, notice),
        farewell_of(room, occupant, true, occupant.role, nullptr, notice), occupant.recipients());
}

bool is_shown(const Room& room, const Occupant& occupant, Role role)
{
    return room.config().shown.has(role) && (!occupant.joined_large_room || role == Role::moderator);
}

void hide_if_not_shown(Room& room, const Occupant& occupant, Role before)
{
    if (is_shown(room, occupant, before) && !is_shown(room, occupant, occupant.role)) {
        say_nick_gone(room, occupant, {});
    }
}

void tell_outside(const Room& room, const Jid& address, const Jid& device, std::initializer_list<int> codes)
{
    Stanza lost = Stanza::presence(address, device, PresenceType::unavailable);
    Element& x = lost.element().add("x", ns::muc_user);
    x.add("item").set_attribute("affiliation", "none").set_attribute("role", "none");
    x.add("status").set_attribute("code", std::to_string(muc_status::self));
    for (const int code : codes) {
        x.add("status").set_attribute("code", std::to_string(code));
    }
    room.send(std::move(lost));
}

void show_departure_to_device(Room& room, const Occupant& gone, const Device& device, Role role,
    const Element* content, const Notice& notice)
{
    send_later(room, farewell_of(room, gone, true, role, content, with_self(notice)), device.jid());
}

void show_others_to(Room& room, const Occupant& self, const Device& device)
{
    const bool real = room.shows_real_addresses_to(device.jid());
    WireForms presences;
    presences.reserve(room.occupants().size());
    room.occupants().for_each([&](Occupant& other) {
        if (&other == &self || !is_shown(room, other, other.role)) {
            return;
        }
        auto& wire = real ? other.real : other.plain;
        if (!wire) {
            const Stanza presence = presence_of(room, other, real);
            wire = std::make_shared<const WireForm>(presence.element(), ns::client);
        }
        presences.push_back(wire);
    });
    if (presences.empty()) {
        return;
    }
    room.emit([held = room.shared_from_this(), recipient = device.recipient,
                  presences = std::move(presences)]() mutable {
        held->host().router().unicast(recipient, std::move(presences), held->address());
    });
}

void attach_room_presence(RoomHandlers& on)
{
    on.feature(ns::occupant_id);
}

} // namespace stonechat
