// SPDX-License-Identifier: Apache-2.0
#include "muc/room_card.hpp"

#include "muc/muc_service.hpp"
#include "muc/room.hpp"
#include "muc/room_handlers.hpp"
#include "muc/room_owner.hpp"
#include "router/host.hpp"
#include "router/store_errors.hpp"
#include "storage/storage.hpp"
#include "xmpp/avatar_hash.hpp"
#include "xmpp/ns.hpp"
#include "xmpp/serialize.hpp"
#include "xmpp/stream_parser.hpp"

#include <utility>

namespace stonechat {
namespace {

constexpr const char* store = "vcard";

Task<RoomAnswer> answer_card_get(std::shared_ptr<Room> room, Iq iq)
{
    if (room->affiliation(iq.from()) == Affiliation::outcast) {
        co_return StanzaError(StanzaError::forbidden);
    }
    auto asking = room->host().storage().keyval().get(room->key(), store, "");
    const auto kept = co_await asking;
    if (!kept) {
        co_return to_stanza_error(kept.error());
    }
    if (!kept->has_value()) {
        co_return StanzaError(StanzaError::item_not_found);
    }
    auto card = parse_element(**kept);
    if (!card) {
        co_return StanzaError(StanzaError::internal_server_error);
    }
    co_return RoomAnswer(std::optional(std::move(*card)));
}

Task<RoomAnswer> answer_card_set(std::shared_ptr<Room> room, Iq iq)
{
    auto locking = room->change_mutex().lock();
    const auto lock = co_await locking;
    if (room->affiliation(iq.from()) != Affiliation::owner) {
        co_return StanzaError(StanzaError::forbidden, "Only owners are allowed to set avatars.");
    }
    if (room->state() == Room::State::locked) { // the room is not stored yet, so its card cannot be
        co_return StanzaError(StanzaError::unexpected_request, StanzaError::Type::wait,
            "The room has to be configured first");
    }
    std::string xml = to_xml(iq.payload());
    if (xml.size() > static_cast<std::size_t>(room->service().settings().integer("max_card_bytes"))) {
        co_return StanzaError(StanzaError::resource_constraint, StanzaError::Type::cancel,
            "The card is too large");
    }
    auto storing = room->host().storage().keyval().set(room->key(), store, "", std::move(xml));
    const auto stored = co_await storing;
    if (!stored) {
        co_return to_stanza_error(stored.error());
    }
    RoomConfig config = room->config();
    config.avatar = avatar_hash(iq.payload());
    std::vector<RoomMember> nobody;
    auto configuring = configure(room, std::move(config), std::move(nobody));
    auto answer = co_await configuring;
    co_return answer;
}

/// Adds `muc#roominfo_avatarhash`, if the room has an avatar (XEP-0486 §3.3).
void add_avatar_hash(const Room& room, const Jid&, DataForm& form)
{
    if (!room.config().avatar.empty()) {
        form.add("muc#roominfo_avatarhash", DataForm::FieldType::text_multi, room.config().avatar);
    }
}

} // namespace

void attach_room_card(RoomHandlers& on)
{
    on.feature(ns::vcard_temp);
    on.iq_get(ns::vcard_temp, "vCard", answer_card_get);
    on.iq_set(ns::vcard_temp, "vCard", answer_card_set);
    on.info_form(add_avatar_hash);
}

} // namespace stonechat
