// SPDX-License-Identifier: Apache-2.0
#include "muc/room_disco.hpp"

#include "muc/muc_service.hpp"
#include "muc/room.hpp"
#include "muc/room_handlers.hpp"
#include "xmpp/data_form.hpp"
#include "xmpp/ns.hpp"

#include <utility>

namespace stonechat {
namespace {

using FieldType = DataForm::FieldType;

constexpr std::string_view traffic_node = "http://jabber.org/protocol/muc#traffic";

/// Whether `asker` may know details of the room. A hidden room tells strangers only that it exists (§14.4).
bool may_know(const Room& room, const Jid& asker)
{
    const RoleAndAffiliation role_and_affiliation = room.role_and_affiliation(asker);
    return room.config().listed || role_and_affiliation.role != Role::none
        || role_and_affiliation.affiliation >= Affiliation::member;
}

void add_description(const Room& room, const Jid& asker, DataForm& form)
{
    const RoomConfig& config = room.config();
    form.add("muc#roominfo_description", FieldType::text_single, "Short Description of Room",
        config.description);
    form.add("muc#roomconfig_roomname", FieldType::text_single, "Natural-Language Room Name", config.name);
    form.add("muc#roomconfig_changesubject", FieldType::boolean,
        "Whether to Allow Occupants to Change Subject", config.occupants_change_subject ? "1" : "0");
    form.add("muc#roomconfig_allowinvites", FieldType::boolean, "Whether to Allow Members to Invite Others",
        config.members_invite ? "1" : "0");
    form.add("muc#maxhistoryfetch", FieldType::text_single,
        "Maximum Number of History Messages Returned by Room", std::to_string(config.history));
    if (!config.lang.empty()) {
        form.add("muc#roominfo_lang", FieldType::text_single, "Natural Language for Room Discussions",
            config.lang);
    }
    if (may_know(room, asker)) {
        form.add("muc#roominfo_subject", FieldType::text_single, "Current Discussion Topic",
            room.history().subject_text());
        form.add("muc#roominfo_occupants", FieldType::text_single, "Current Number of Occupants in Room",
            std::to_string(room.occupants().size()));
    }
}

Element info_of(const Room& room, const Jid& asker)
{
    Element query("query", ns::disco_info);
    const std::string& name = room.config().name;
    query.add("identity")
        .set_attribute("category", "conference")
        .set_attribute("type", "text")
        .set_attribute("name", name.empty() ? std::string(room.address().local()) : name);
    const RoomHandlers& handlers = room.service().room_handlers();
    handlers.add_features(room, query);
    DataForm form(DataForm::Type::result, ns::room_info_form);
    handlers.fill_info_form(room, asker, form);
    query.add(form.to_element());
    return query;
}

/// §6.5: only occupants get the list of occupants.
void add_occupants(const Room& room, const Jid& asker, Element& query)
{
    if (room.role_and_affiliation(asker).role == Role::none) {
        return;
    }
    room.occupants().for_each([&](const Occupant& occupant) {
        query.add("item")
            .set_attribute("jid", occupant.address.text())
            .set_attribute("name", occupant.nick());
    });
}

Task<RoomAnswer> answer_room_info(std::shared_ptr<Room> room, Iq iq)
{
    const auto node = iq.payload().attribute("node");
    if (node == traffic_node) {
        co_return StanzaError(StanzaError::service_unavailable); // §18.1.1: the room filters nothing
    }
    if (node && !node->empty()) {
        Element query("query", ns::disco_info);
        query.set_attribute("node", *node);
        if (!room->service().room_handlers().disco(DiscoKind::info, *node, *room, iq.from(), query)) {
            co_return StanzaError(StanzaError::item_not_found);
        }
        co_return RoomAnswer(std::optional(std::move(query)));
    }
    co_return RoomAnswer(std::optional(info_of(*room, iq.from())));
}

Task<RoomAnswer> answer_room_items(std::shared_ptr<Room> room, Iq iq)
{
    Element query("query", ns::disco_items);
    const auto node = iq.payload().attribute("node");
    if (node) {
        query.set_attribute("node", *node);
    }
    if (!node || !node->empty()) {
        room->service().room_handlers().disco(DiscoKind::items, node.value_or(""), *room, iq.from(), query);
    }
    co_return RoomAnswer(std::optional(std::move(query)));
}

} // namespace

void attach_room_disco(RoomHandlers& on)
{
    on.feature(ns::disco_info);
    on.feature(ns::disco_items);
    on.feature(ns::muc);
    on.iq_get(ns::disco_info, "query", answer_room_info);
    on.iq_get(ns::disco_items, "query", answer_room_items);
    on.info_form(add_description);
    on.disco_items("", add_occupants);
}

} // namespace stonechat
