// SPDX-License-Identifier: Apache-2.0
#include "muc/room_messages.hpp"

#include "base/log.hpp"
#include "base/random.hpp"
#include "muc/group_ticks.hpp"
#include "muc/member_notices.hpp"
#include "muc/muc_service.hpp"
#include "muc/room_archive.hpp"
#include "muc/room_handlers.hpp"
#include "muc/room_invitations.hpp"
#include "muc/room_moderation.hpp"
#include "muc/room_owner.hpp"
#include "muc/room_presence.hpp"
#include "muc/room_private.hpp"
#include "muc/room_visit.hpp"
#include "router/delivery_plan.hpp"
#include "router/host.hpp"
#include "router/router.hpp"
#include "router/storage_policy.hpp"
#include "router/store_errors.hpp"
#include "storage/storage.hpp"
#include "xmpp/delay.hpp"
#include "xmpp/ns.hpp"
#include "xmpp/serialize.hpp"

#include <utility>

namespace stonechat {
namespace {

/// §8.1: a subject, no body and no thread.
bool is_subject_change(const Element& message)
{
    return message.child("subject") != nullptr && message.child("body") == nullptr
        && message.child("thread") == nullptr;
}

/// The room keeps the whole subject message in memory, so its size is limited.
bool is_too_long_for_subject(const Room& room, const Element& message)
{
    const auto most = static_cast<std::size_t>(room.service().settings().integer("max_subject_bytes"));
    return xml_length(message, ns::client) > most;
}

/// Returns why an occupant may not send this to all, or nothing if the occupant may (§7.4, §8.1).
std::optional<StanzaError> reflection_problem(Room& room, const Occupant& occupant, const Element& message)
{
    if (is_subject_change(message)) {
        const bool may = occupant.role == Role::moderator
            || (occupant.role == Role::participant && room.config().occupants_change_subject);
        if (!may) {
            return StanzaError(StanzaError::forbidden);
        }
        if (is_too_long_for_subject(room, message)) {
            return StanzaError(StanzaError::not_acceptable, "This subject is too long");
        }
    } else if (occupant.role < Role::participant) {
        return StanzaError(StanzaError::forbidden);
    }
    if (!room.rates().allows_message(occupant.user)) {
        return StanzaError(StanzaError::resource_constraint, StanzaError::Type::wait, "Too many messages");
    }
    return std::nullopt;
}

/// Returns the message as all get it: from the occupant's nick, without elements that only the room may add.
Stanza reflection(const Room& room, const Occupant& occupant, const Stanza& message)
{
    Stanza reflected = message;
    reflected.set_from(occupant.address);
    reflected.set_to(Jid());
    Element& element = reflected.element();
    element.remove_children_if([&room](const Element& child) {
        if (child.is("stanza-id", ns::stanza_id)) {
            const auto by = Jid::parse(child.attribute_or("by"));
            return by && by->same_bare(room.address());
        }
        return child.ns() == ns::muc_user || child.ns() == ns::occupant_id;
    });
    strip_forged_delays(element, room.address().domain());
    if (reflected.id().empty()) {
        element.set_attribute("id", random_id());
    }
    element.add("occupant-id", ns::occupant_id).set_attribute("id", occupant.id);
    return reflected;
}

/// Returns the message as archived: with the author's real address (XEP-0313 §6.1.2), for those who may see
/// it.
std::string archived_form(const Room& room, const Stanza& message, const Jid& author)
{
    Element element = message.element();
    Element& x = element.add("x", ns::muc_user);
    x.add("item")
        .set_attribute("affiliation", to_text(room.affiliation(author)))
        .set_attribute("jid", author.text());
    return to_xml(element);
}

/// Sends a message to all who were present when it arrived, and updates subject, history and ticks.
void reflect(Room& room, RoomMessage& room_message, std::optional<MessageId> id, WallTime stamp,
    const AudiencePtr& audience)
{
    Element& element = room_message.message.element();
    if (id) {
        element.add(stanza_id(room.address(), *id));
        room.archive().set_newest(*id);
        room.host().trace("committed", room_message.message, "in the room's archive");
    }
    if (is_subject_change(element)) {
        room.history().set_subject(element, stamp);
    } else if (element.child("body") != nullptr && id && room.config().ticks) {
        room.tick_ledger().add(*id, room_message.author.bare());
    }
    room_message.message.serialize_for_many();
    if (!is_subject_change(element) && element.child("body") != nullptr) {
        room.history().add(id.value_or(0), stamp, room_message.message.from(), *room_message.message.wire());
    }
    const auto shared = std::make_shared<const Stanza>(std::move(room_message.message));
    room.host().trace("reflected", *shared, std::to_string(audience->size()) + " devices");
    room.host().router().multicast(shared, audience);
    if (room_message.then) {
        room_message.then(id, room_message.settlement);
    }
    std::move(room_message.settlement).settle();
}

/// The message is a repetition: its sender does not know that it was accepted. Only the sender gets it again.
void confirm_again(Room& room, RoomMessage& room_message, MessageId id)
{
    room.host().trace("repeated", room_message.message, "it is in the room's archive already");
    room_message.message.element().add(stanza_id(room.address(), id));
    room_message.message.set_to(room_message.author);
    room.send(room_message.message);
    std::move(room_message.settlement).settle();
}

/// Returns what recognises the message if the client sends it again, or nothing.
std::optional<Origin> origin_of(const Settlement& settlement)
{
    const SenderPart* sender_part = settlement.sender_part();
    const Origin* origin = sender_part != nullptr ? sender_part->origin() : nullptr;
    return origin != nullptr ? std::optional(*origin) : std::nullopt;
}

void store_room_message(Room& room, std::shared_ptr<RoomMessage> room_message, AudiencePtr audience)
{
    MessageToStore message;
    message.stamp = room.host().clock().wall();
    message.searchable = is_searchable(std::as_const(room_message->message).element());
    message.xml = archived_form(room, room_message->message, room_message->author);
    count_archived(room, message.xml.size());
    ArchiveEntry entry;
    entry.owner = room.key();
    entry.peer = room_message->message.from();
    entry.outgoing = true; // the room is the sender
    message.archives.push_back(std::move(entry));
    message.origin = room_message->origin;
    const WallTime stamp = message.stamp;
    const std::uint64_t place = room.delivery_queue().hold();
    room.host()
        .storage()
        .messages()
        .accept(std::move(message))
        .then([held = room.shared_from_this(), room_message = std::move(room_message),
                  audience = std::move(audience), stamp,
                  place](const Result<MessageReceipt, StoreError>& receipt) mutable {
            if (!receipt) {
                if (receipt.error() == StoreError::unknown) {
                    std::move(room_message->settlement).fail(); // neither acknowledged nor refused
                } else {
                    held->refuse(room_message->refusable, to_stanza_error(receipt.error()));
                    std::move(room_message->settlement).settle();
                }
                held->delivery_queue().ready(place, Function<void()>([] {}));
                return;
            }
            if (receipt->is_repeated) {
                held->delivery_queue().ready(place,
                    [held, room_message, id = receipt->id] { confirm_again(*held, *room_message, id); });
                return;
            }
            held->delivery_queue().ready(place, [held, room_message, audience, stamp, id = receipt->id] {
                reflect(*held, *room_message, id, stamp, audience);
            });
        });
}

/// Stores the subject before anybody sees it.
void change_subject(Room& room, Occupant& occupant, Stanza message, Settlement& settlement)
{
    RoomMessage room_message { reflection(room, occupant, message), message.from(), message,
        std::move(settlement), {} };
    RoomHistory next;
    next.set_subject(std::as_const(room_message.message).element(), room.host().clock().wall());
    if (room.state() != Room::State::open) {
        send_room_message(room, std::move(room_message)); // the room is not stored yet
        return;
    }
    RoomStore::Change change;
    change.subject = next.subject_to_text();
    // The store works in order: the archive entry is written after this change, so nobody sees the subject
    // before it is stored. The shared settlement delays the sender's acknowledgement until then.
    room.host()
        .storage()
        .rooms()
        .change(room.key(), std::move(change))
        .then([held = room.shared_from_this(), settlement = room_message.settlement.share()](
                  const Result<bool, StoreError>& changed) mutable {
            if (!changed) {
                held->host().log().warning("subject not stored", { { "room", held->address().text() } });
            }
            std::move(settlement).settle(); // the message with the subject has an outcome of its own
        });
    send_room_message(room, std::move(room_message));
}

void receive_groupchat(Room& room, Stanza message, Settlement& settlement)
{
    Occupant* occupant = room.occupants().by_device(message.from());
    if (occupant == nullptr) {
        room.refuse(message, StanzaError(StanzaError::not_acceptable));
        return;
    }
    const Element& element = std::as_const(message).element();
    if (room.config().ticks && is_tick_for_room(element)) {
        take_tick(room, *occupant, message, settlement);
        return;
    }
    if (auto refusal = reflection_problem(room, *occupant, element)) {
        room.refuse(message, *refusal);
        return;
    }
    if (is_subject_change(element)) {
        change_subject(room, *occupant, std::move(message), settlement);
        return;
    }
    auto origin = origin_of(settlement);
    const auto target = retracted_id(element);
    RoomMessage room_message { reflection(room, *occupant, message), message.from(), std::move(message),
        std::move(settlement), {}, std::move(origin) };
    if (target) {
        retract_own(room, *occupant, *target, std::move(room_message));
        return;
    }
    if (auto notices = notices_of(room, *occupant, std::as_const(room_message.message).element());
        !notices.empty()) {
        room_message.then = [held = room.shared_from_this(),
                                notices = std::move(notices)](std::optional<MessageId>, const Settlement&) {
            send_notices(*held, notices);
        };
    }
    send_room_message(room, std::move(room_message));
}

void receive_for_room(Room& room, Stanza message, Settlement& settlement)
{
    if (message.message_type() == MessageType::groupchat) {
        receive_groupchat(room, std::move(message), settlement);
    } else if (const auto handler = room.service().room_handlers().find_message_handler(message)) {
        handler(room, message, settlement);
    } else if (room.occupants().by_device(message.from()) == nullptr) {
        room.refuse(message, StanzaError(StanzaError::not_acceptable));
    } else {
        room.refuse(message, StanzaError(StanzaError::bad_request)); // §17.2
    }
}

/// Whether an owner sends a message or an invitation in a room that is locked and whose form was never
/// requested. The owner thereby accepts the default configuration (§10.1.1).
bool accepts_as_it_is(const Room& room, const Stanza& message)
{
    if (room.state() != Room::State::locked || room.is_being_set_up() || message.to().has_resource()
        || room.affiliation(message.from()) != Affiliation::owner) {
        return false;
    }
    const Element& element = message.element();
    const bool says_something = element.child("body") != nullptr || element.child("subject") != nullptr;
    return is_invitation(message) || (message.message_type() == MessageType::groupchat && says_something);
}

/// Opens the room first, so that the message is archived and invited users may enter. The owner's next
/// messages wait for the change_mutex.
Task<Done> receive_in_open(std::shared_ptr<Room> room, Stanza message, Settlement settlement)
{
    auto locking = room->change_mutex().lock();
    const auto lock = co_await locking;
    auto opening = accept_default(room);
    const bool is_open = co_await opening;
    if (is_open) {
        receive_message(*room, std::move(message), settlement);
    } else {
        const StanzaError failure(StanzaError::internal_server_error, StanzaError::Type::wait);
        room->refuse(message, failure);
    }
    std::move(settlement).settle();
    co_return Done();
}

} // namespace

void receive_message(Room& room, Stanza message, Settlement& settlement)
{
    const bool is_inside = room.occupants().by_device(message.from()) != nullptr;
    if (message.is_error()) {
        if (is_inside && is_delivery_error(message)) {
            Notice notice;
            notice.codes = { muc_status::technical };
            leave(room, message.from(), nullptr, notice);
        } else if (is_inside) {
            return_private(room, message);
        }
        return;
    }
    if (!room.exists() || (room.state() == Room::State::locked && !is_inside)) {
        room.refuse(message, room.absence());
        return;
    }
    if (accepts_as_it_is(room, message)) {
        const auto failed = [held = room.shared_from_this(), refusable = message](const std::exception_ptr&) {
            held->host().log().error("room message failed", { { "room", held->address().text() } });
            held->refuse(refusable, StanzaError(StanzaError::internal_server_error));
        };
        start(
            receive_in_open(room.shared_from_this(), std::move(message), std::move(settlement)), [](Done) {},
            failed);
        return;
    }
    if (message.to().has_resource()) {
        receive_private(room, std::move(message), settlement);
    } else {
        receive_for_room(room, std::move(message), settlement);
    }
}

void send_room_message(Room& room, RoomMessage room_message)
{
    AudiencePtr audience = room.occupants().everybody();
    const bool kept = room.state() == Room::State::open && room.is_archived()
        && storage_policy_in_room(Message(room_message.message)) == StoragePolicy::archived;
    const auto shared = std::make_shared<RoomMessage>(std::move(room_message));
    if (kept) {
        store_room_message(room, shared, std::move(audience));
        return;
    }
    room.emit([held = room.shared_from_this(), shared, audience = std::move(audience)] {
        reflect(*held, *shared, std::nullopt, held->host().clock().wall(), audience);
    });
}

void attach_room_messages(RoomHandlers& on)
{
    on.feature(ns::muc_stable_id);
}

} // namespace stonechat
