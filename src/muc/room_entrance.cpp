// SPDX-License-Identifier: Apache-2.0
#include "muc/room_entrance.hpp"

#include "base/random.hpp"
#include "muc/muc_service.hpp"
#include "muc/room_presence.hpp"
#include "muc/room_visit.hpp"
#include "router/delivery_plan.hpp"
#include "router/host.hpp"
#include "router/router.hpp"
#include "router/store_errors.hpp"
#include "xmpp/ns.hpp"
#include "xmpp/serialize.hpp"

#include <algorithm>
#include <utility>

namespace stonechat {
namespace {

/// Places above the maximum number of occupants, for admins and owners, so that nobody can lock them out
/// (§7.2.9).
constexpr std::size_t places_for_admins = 20;

std::string password_of(const Element& presence)
{
    const Element* x = presence.child("x", ns::muc);
    return x == nullptr ? std::string() : x->child_text("password");
}

bool is_full(const Room& room, Affiliation affiliation)
{
    const std::size_t most = room.config().max_occupants;
    if (most == 0 || room.occupants().size() < most) {
        return false;
    }
    return affiliation < Affiliation::admin || room.occupants().size() >= most + places_for_admins;
}

/// Returns why the user may not enter (§7.2.5 to §7.2.10). The order of the checks reveals as little as
/// possible.
std::optional<StanzaError> entrance_problem(Room& room, const Stanza& presence)
{
    const Jid& who = presence.from();
    const Affiliation affiliation = room.affiliation(who);
    if (room.state() == Room::State::locked && affiliation != Affiliation::owner) {
        return room.absence();
    }
    if (affiliation == Affiliation::outcast) {
        return StanzaError(StanzaError::forbidden);
    }
    if (!room.admits(who)) {
        return StanzaError(StanzaError::registration_required);
    }
    const std::string& password = room.config().password;
    if (!password.empty() && !equal_in_constant_time(password_of(presence.element()), password)) {
        return StanzaError(StanzaError::not_authorized);
    }
    if (auto refusal = nick_problem(room, who, presence.to().resource())) {
        return refusal;
    }
    const bool has_place = room.occupants().by_nick(presence.to().resource()) != nullptr;
    if (!has_place && is_full(room, affiliation)) {
        return StanzaError(StanzaError::service_unavailable, StanzaError::Type::wait);
    }
    return std::nullopt;
}

int priority_of(Stanza& presence)
{
    return Presence(presence).priority();
}

/// Returns the status codes for the entering device only (§7.2.4, §7.2.12, §10.1.1).
Notice welcome(const Room& room)
{
    Notice notice;
    if (!room.config().is_anonymous()) {
        notice.codes.push_back(muc_status::non_anonymous);
    }
    if (room.is_archived()) {
        notice.codes.push_back(muc_status::logged);
    }
    if (room.state() == Room::State::locked) {
        notice.codes.push_back(muc_status::created);
    }
    return notice;
}

/// Sends history and subject after all earlier messages have been committed (§7.2.13, §7.2.15).
void tell_what_was(Room& room, const Device& device, const HistoryRequest& request)
{
    room.emit([held = room.shared_from_this(), recipient = device.recipient, request] {
        for (RoomHistory::Entry& message : held->history().select(request)) {
            held->host().router().unicast(recipient, { std::move(message.wire) }, message.from);
        }
        Stanza subject = held->history().subject(held->address());
        subject.set_to(recipient->jid);
        held->send(std::move(subject));
    });
}

/// Adds the device to the room, then tells the others and the device.
void let_in(Room& room, Stanza presence)
{
    const Jid device = presence.from();
    const int priority = priority_of(presence);
    Occupant& occupant = give_place(room, device, presence.to().resource(),
        to_xml(visible_content(presence.element())), priority);
    const Device& entered = *occupant.device(device);
    show_to_others(room, occupant, entered);
    synchronise(room, occupant, entered, presence);
    room.kept_occupants().presence_changed();
}

/// §10.1.1: creates the room, unless the user may not create rooms or owns too many already.
void create(Room& room, Stanza presence)
{
    MucService& service = room.service();
    const Jid owner = presence.from();
    if (!service.may_create(owner)) {
        room.refuse(presence, StanzaError(StanzaError::not_allowed));
        return;
    }
    if (auto refusal = nick_problem(room, owner, presence.to().resource())) {
        room.refuse(presence, *refusal);
        return;
    }
    const std::size_t most = service.most_rooms_of(owner);
    room.wait_for_creation();
    service.host()
        .storage()
        .rooms()
        .count_owned(service.domain().text(), owner.bare())
        .then([held = room.shared_from_this(), presence = std::move(presence),
                  most](const Result<std::size_t, StoreError>& owned) mutable {
            if (!owned) {
                held->refuse(presence, to_stanza_error(owned.error()));
                held->be_created(std::nullopt);
            } else if (most != 0 && *owned + held->service().locked_rooms_of(presence.from()) >= most) {
                held->refuse(presence, StanzaError(StanzaError::not_allowed, "You own too many rooms"));
                held->be_created(std::nullopt);
            } else {
                held->be_created(std::move(presence));
            }
        });
}

bool is_invisible(std::string_view nick)
{
    return std::all_of(nick.begin(), nick.end(), [](char c) { return c == ' '; });
}

} // namespace

std::optional<StanzaError> nick_problem(const Room& room, const Jid& user, std::string_view nick)
{
    if (nick.empty()) {
        return StanzaError(StanzaError::jid_malformed, StanzaError::Type::modify, "A nick is missing");
    }
    const auto longest = static_cast<std::size_t>(room.service().settings().integer("max_nick_bytes"));
    if (nick.size() > longest || is_invisible(nick)) {
        return StanzaError(StanzaError::not_acceptable, "This nick is too long or cannot be seen");
    }
    const Occupant* there = room.occupants().by_nick(nick);
    const RoomMember* holder = room.members().holder_of(nick);
    const Expected* awaited = room.kept_occupants().expected_by_nick(nick);
    const bool is_taken = (there != nullptr && !there->user.same_bare(user))
        || (holder != nullptr && !holder->jid.same_bare(user))
        || (awaited != nullptr && !awaited->user.same_bare(user));
    return is_taken ? std::optional(StanzaError(StanzaError::conflict)) : std::nullopt;
}

Occupant& give_place(Room& room, const Jid& device, std::string_view nick, std::string presence, int priority)
{
    Occupant* occupant = room.occupants().by_nick(nick);
    if (occupant == nullptr) {
        Occupant fresh;
        fresh.address = *room.address().with_resource(nick);
        fresh.user = device.bare();
        fresh.id = room.occupant_id(device);
        fresh.role = role_on_entering(room.affiliation(device), room.config().moderated);
        fresh.joined_large_room = room.is_large(room.occupants().size());
        occupant = &room.occupants().add(std::move(fresh));
    }
    auto recipient = std::make_shared<const Recipient>(Recipient { device, room.service().shard_of(device) });
    room.occupants().add_device(*occupant, { std::move(recipient), std::move(presence), priority });
    room.kept_occupants().returned(nick);
    occupant->changed();
    return *occupant;
}

Element visible_content(const Element& presence)
{
    Element content = presence;
    for (const char* address : { "from", "to", "type" }) {
        content.remove_attribute(address);
    }
    content.remove_children_if([](const Element& child) {
        const Namespace& ns = child.ns();
        return ns == ns::muc || ns == ns::muc_user || ns == ns::occupant_id || ns == ns::hats;
    });
    return content;
}

void take_presence(Device& device, Stanza& presence)
{
    device.presence = to_xml(visible_content(std::as_const(presence).element()));
    device.priority = priority_of(presence);
}

void enter(Room& room, Stanza presence)
{
    if (room.state() == Room::State::absent) {
        create(room, std::move(presence));
        return;
    }
    if (auto refusal = entrance_problem(room, presence)) {
        room.refuse(presence, *refusal);
        return;
    }
    if (!room.rates().allows_presence(presence.from())) {
        room.refuse(presence, StanzaError(StanzaError::resource_constraint));
        return;
    }
    let_in(room, std::move(presence));
}

void enter_again(Room& room, Occupant& occupant, Device& device, Stanza presence)
{
    if (!room.rates().allows_presence(presence.from())) {
        room.refuse(presence, StanzaError(StanzaError::resource_constraint));
        return;
    }
    const std::string before = device.presence;
    take_presence(device, presence);
    if (device.presence != before) {
        occupant.changed();
        show_to_others(room, occupant, device);
    }
    synchronise(room, occupant, device, presence);
}

void synchronise(Room& room, const Occupant& occupant, const Device& device, const Stanza& presence)
{
    show_others_to(room, occupant, device);
    show_to_device(room, occupant, device, welcome(room));
    tell_what_was(room, device,
        HistoryRequest::from_presence(presence.element(), room.host().clock().wall()));
}

void change_place(Room& room, Stanza presence)
{
    leave(room, presence.from(), nullptr);
    let_in(room, std::move(presence));
}

void Room::wait_for_creation()
{
    set_state(State::loading);
}

void Room::be_created(std::optional<Stanza> presence)
{
    if (!presence) {
        become(State::absent);
        return;
    }
    begin(presence->from());
    let_in(*this, std::move(*presence));
    become(State::locked);
}

void add_to_history(Room& room, Element message, MessageId id, WallTime stamp)
{
    message.remove_children("x", ns::muc_user); // the real address stays in the archive only
    const bool says_something = message.child("body") != nullptr;
    const auto from = Jid::parse(message.attribute_or("from"));
    if (!says_something || !from || !from->same_bare(room.address())) {
        return;
    }
    message.add(stanza_id(room.address(), id));
    room.history().add(id, stamp, *from, WireForm(message, ns::client));
}

} // namespace stonechat
