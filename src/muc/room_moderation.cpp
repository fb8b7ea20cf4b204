// SPDX-License-Identifier: Apache-2.0
#include "muc/room_moderation.hpp"

#include "base/log.hpp"
#include "base/random.hpp"
#include "router/host.hpp"
#include "storage/storage.hpp"
#include "xmpp/date_time.hpp"
#include "xmpp/ns.hpp"
#include "xmpp/serialize.hpp"
#include "xmpp/stream_parser.hpp"

#include <charconv>
#include <utility>

namespace stonechat {
namespace {

constexpr std::size_t longest_reason = 1024;

/// What remains of a message (XEP-0424 §4, XEP-0425 §4): who, under which id, and how it was taken back.
Element grave_of(const Element& original, Element retracted)
{
    Element grave("message", ns::client);
    for (const char* kept : { "from", "type", "id" }) {
        if (const auto value = original.attribute(kept)) {
            grave.set_attribute(kept, *value);
        }
    }
    for (const Element* child : original.children()) {
        if (child->ns() == ns::occupant_id || child->ns() == ns::muc_user) {
            grave.add(*child);
        }
    }
    grave.add(std::move(retracted));
    return grave;
}

std::string_view author_of(const Element& message)
{
    const Element* id = message.child("occupant-id", ns::occupant_id);
    return id == nullptr ? std::string_view() : id->attribute_or("id");
}

/// Puts `retracted` in the place of a message, in the archive and in what who enters is shown. False if the
/// store failed.
Task<bool> bury(std::shared_ptr<Room> room, ArchivedMessage message, Element retracted)
{
    const auto original = parse_element(message.xml);
    if (!original || original->child("retracted", ns::retraction) != nullptr) {
        co_return true;
    }
    Element grave = grave_of(*original, std::move(retracted));
    auto replacing = room->host().storage().archive().replace(room->key(), message.id, to_xml(grave));
    const auto replaced = co_await replacing;
    if (!replaced) {
        co_return false;
    }
    grave.remove_children("x", ns::muc_user);
    grave.add("stanza-id", ns::stanza_id)
        .set_attribute("by", room->address().text())
        .set_attribute("id", std::to_string(message.id));
    room->history().replace(message.id, std::move(grave));
    co_return true;
}

Task<Done> bury_own(std::shared_ptr<Room> room, MessageId id, std::string author, Element retracted,
    Settlement)
{
    auto finding = find_message(room, id);
    auto found = co_await finding;
    if (!found) {
        co_return Done();
    }
    const auto original = parse_element(found->xml);
    if (!original || author_of(*original) != author) {
        co_return Done(); // XEP-0424 §5: not his to take back
    }
    auto burying = bury(room, std::move(*found), std::move(retracted));
    const bool buried = co_await burying;
    if (!buried) {
        room->host().log().warning("retracted message not replaced", { { "room", room->address().text() } });
    }
    co_return Done();
}

Element moderated_by(const Occupant& moderator)
{
    Element moderated("moderated", ns::moderation);
    moderated.set_attribute("by", moderator.address.text());
    moderated.add("occupant-id", ns::occupant_id).set_attribute("id", moderator.id);
    return moderated;
}

/// `<retract/>` for those who are there, or `<retracted/>` for the tombstone.
Element moderation(std::string_view name, const Occupant& moderator, const std::string& reason)
{
    Element element(name, ns::retraction);
    element.add(moderated_by(moderator));
    if (!reason.empty()) {
        element.add_text_child("reason", reason);
    }
    return element;
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

void retract_own(Room& room, const Occupant& occupant, const std::string& target, Utterance utterance)
{
    const auto id = message_id_from(target);
    if (id && room.is_archived()) {
        Element retracted("retracted", ns::retraction);
        retracted.set_attribute("id", utterance.message.id());
        retracted.set_attribute("stamp", to_datetime(room.host().clock().wall()));
        utterance.then = [held = room.shared_from_this(), id = *id, author = occupant.id, retracted,
                             hold = utterance.settlement.share()](std::optional<MessageId>) mutable {
            start(
                bury_own(held, id, author, std::move(retracted), std::move(hold)), [](Done) {},
                [](const std::exception_ptr&) {});
        };
    }
    utter(room, std::move(utterance));
}

Task<RoomAnswer> answer_moderate(std::shared_ptr<Room> room, Iq iq)
{
    auto taking = room->turns().take();
    const auto turn = co_await taking;
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
    const Occupant who = *moderator; // he may be gone when the store has answered
    auto finding = find_message(room, *id);
    auto found = co_await finding;
    if (!found) {
        co_return StanzaError(StanzaError::item_not_found);
    }
    Element retracted = moderation("retracted", who, reason);
    retracted.set_attribute("stamp", to_datetime(room->host().clock().wall()));
    auto burying = bury(room, std::move(*found), std::move(retracted));
    const bool buried = co_await burying;
    if (!buried) {
        co_return StanzaError(StanzaError::internal_server_error, StanzaError::Type::wait);
    }
    Stanza told = Stanza::message(room->address(), Jid(), MessageType::groupchat);
    told.element().set_attribute("id", random_id());
    Element retract = moderation("retract", who, reason);
    retract.set_attribute("id", std::to_string(*id));
    told.element().add(std::move(retract));
    co_return RoomAnswer(std::nullopt, [room, told = std::move(told), author = iq.from()]() mutable {
        Utterance utterance { std::move(told), author, Stanza::message(room->address(), Jid()), {}, {} };
        utter(*room, std::move(utterance));
    });
}

} // namespace stonechat
