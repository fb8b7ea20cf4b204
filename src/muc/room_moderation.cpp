// SPDX-License-Identifier: Apache-2.0
#include "muc/room_moderation.hpp"

#include "base/background.hpp"
#include "base/log.hpp"
#include "base/random.hpp"
#include "muc/room_handlers.hpp"
#include "router/delivery_plan.hpp"
#include "router/host.hpp"
#include "storage/storage.hpp"
#include "xmpp/ns.hpp"
#include "xmpp/serialize.hpp"
#include "xmpp/stream_parser.hpp"
#include "xmpp/tombstone.hpp"

#include <charconv>
#include <utility>

namespace stonechat {
namespace {

constexpr std::size_t longest_reason = 1024;

std::string_view author_of(const Element& message)
{
    const Element* id = message.child("occupant-id", ns::occupant_id);
    return id == nullptr ? std::string_view() : id->attribute_or("id");
}

/// How a message was retracted, and by which message.
struct Retraction {
    std::string id;                       ///< id of the retracting message
    std::optional<Moderation> moderation; ///< none: retracted by its author
};

/// Replaces a message by a tombstone in the archive and in the room's history. Returns false if the store
/// failed.
Task<bool> bury(std::shared_ptr<Room> room, ArchivedMessage message, Retraction retraction)
{
    const auto original = parse_element(message.xml);
    if (!original || is_tombstone(*original)) {
        co_return true;
    }
    const WallTime now = room->host().clock().wall();
    Element grave;
    if (retraction.moderation) {
        grave = tombstone(*original, retraction.id, now, *retraction.moderation);
    } else {
        grave = tombstone(*original, retraction.id, now);
    }
    auto replacing = room->host().storage().archive().replace(room->key(), message.id, to_xml(grave));
    const auto replaced = co_await replacing;
    if (!replaced) {
        co_return false;
    }
    grave.remove_children("x", ns::muc_user);
    grave.add(stanza_id(room->address(), message.id));
    room->history().replace(message.id, grave);
    co_return true;
}

bool is_by(const ArchivedMessage& message, std::string_view author)
{
    const auto original = parse_element(message.xml);
    return original && author_of(*original) == author;
}

Task<Done> bury_own(std::shared_ptr<Room> room, MessageId id, std::string author, Retraction retraction,
    Settlement hold)
{
    auto finding = find_message(room, id);
    auto found = co_await finding;
    if (found && is_by(*found, author)) { // XEP-0424 §5: only the author may retract it
        auto burying = bury(room, std::move(*found), std::move(retraction));
        const bool buried = co_await burying;
        if (!buried) {
            room->host().log().warning("retracted message not replaced",
                { { "room", room->address().text() } });
        }
    }
    std::move(hold).settle(); // the retraction itself is stored
    co_return Done();
}

/// Returns the announcement of a moderation to the occupants (XEP-0425 §3.1).
Stanza announcement(const Room& room, MessageId target, const Retraction& retraction)
{
    Stanza told = Stanza::message(room.address(), Jid(), MessageType::groupchat);
    told.element().set_attribute("id", retraction.id);
    Element& retract = told.element().add("retract", ns::retraction);
    retract.set_attribute("id", std::to_string(target));
    retraction.moderation->add_to(retract);
    return told;
}

} // namespace

std::optional<std::string> retracted_id(const Element& message)
{
    const Element* retract = message.child("retract", ns::retraction);
    return retract == nullptr ? std::nullopt : std::optional(std::string(retract->attribute_or("id")));
}

std::optional<MessageId> message_id_from(std::string_view text)
{
    MessageId id = 0;
    const auto [end, failure] = std::from_chars(text.data(), text.data() + text.size(), id);
    const bool whole = failure == std::errc() && end == text.data() + text.size();
    return whole && std::to_string(id) == text ? std::optional(id) : std::nullopt;
}

Task<std::optional<ArchivedMessage>> find_message(std::shared_ptr<Room> room, MessageId id)
{
    ArchiveQuery query;
    query.ids.push_back(id);
    auto asking = room->host().storage().archive().page(room->key(), std::move(query));
    auto page = co_await asking;
    if (!page || !*page || (*page)->messages.empty()) {
        co_return std::nullopt;
    }
    co_return std::move((*page)->messages.front());
}

void retract_own(Room& room, const Occupant& occupant, const std::string& target, RoomMessage room_message)
{
    const auto id = message_id_from(target);
    if (id && room.is_archived()) {
        Retraction retraction { std::string(room_message.message.id()), std::nullopt };
        room_message.then = [held = room.shared_from_this(), id = *id, author = occupant.id,
                                retraction = std::move(retraction)](std::optional<MessageId>,
                                const Settlement& settlement) mutable {
            start_in_background(bury_own(held, id, author, std::move(retraction), settlement.share()),
                held->host().log(), "retracted message not replaced");
        };
    }
    send_room_message(room, std::move(room_message));
}

namespace {

/// `<moderate id=''><retract/></moderate>`
Task<RoomAnswer> answer_moderate(std::shared_ptr<Room> room, Iq iq)
{
    auto locking = room->change_mutex().lock();
    const auto lock = co_await locking;
    const Occupant* moderator = room->occupants().by_device(iq.from());
    if (moderator == nullptr || moderator->role != Role::moderator) {
        co_return StanzaError(StanzaError::forbidden, "Only moderators are allowed to moderate messages");
    }
    const Element& moderate = iq.payload();
    const auto id = message_id_from(moderate.attribute_or("id"));
    const std::string reason = moderate.child_text("reason");
    if (moderate.child("retract", ns::retraction) == nullptr || reason.size() > longest_reason) {
        co_return StanzaError(StanzaError::bad_request);
    }
    if (!id || !room->is_archived()) {
        co_return StanzaError(StanzaError::item_not_found);
    }
    Retraction retraction { random_id(), Moderation { moderator->address, moderator->id, reason } };
    auto finding = find_message(room, *id);
    auto found = co_await finding;
    if (!found) {
        co_return StanzaError(StanzaError::item_not_found);
    }
    Stanza told = announcement(*room, *id, retraction);
    auto burying = bury(room, std::move(*found), std::move(retraction));
    const bool buried = co_await burying;
    if (!buried) {
        co_return StanzaError(StanzaError::internal_server_error, StanzaError::Type::wait);
    }
    co_return RoomAnswer(std::nullopt, [room, told = std::move(told), author = iq.from()]() mutable {
        RoomMessage room_message { std::move(told), author, Stanza::message(room->address(), Jid()), {}, {} };
        send_room_message(*room, std::move(room_message));
    });
}

} // namespace

void attach_room_moderation(RoomHandlers& on)
{
    const auto is_archived = [](const Room& room) { return room.is_archived(); };
    on.feature(ns::moderation, is_archived);
    on.feature(ns::retraction_tombstone, is_archived);
    on.iq_set(ns::moderation, "moderate", answer_moderate);
}

} // namespace stonechat
