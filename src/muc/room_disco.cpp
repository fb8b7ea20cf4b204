// SPDX-License-Identifier: Apache-2.0
#include "muc/room_disco.hpp"

#include "muc/muc_service.hpp"
#include "muc/room.hpp"
#include "muc/room_card.hpp"
#include "muc/room_hat_commands.hpp"
#include "muc/room_hats.hpp"
#include "router/host.hpp"
#include "xmpp/data_form.hpp"
#include "xmpp/ns.hpp"

#include <array>
#include <utility>

namespace stonechat {
namespace {

using FieldType = DataForm::FieldType;

constexpr std::array always { ns::disco_info, ns::disco_items, ns::muc, ns::muc_stable_id, ns::muc_request,
    ns::muc_self_ping, ns::occupant_id, ns::vcard_temp, ns::commands, ns::hats };
constexpr std::array of_archived { ns::archive, ns::archive_extended, ns::stanza_id, ns::full_text_search,
    ns::moderation, ns::retraction_tombstone };

constexpr std::string_view reserved_nick_node = "x-roomuser-item";
constexpr std::string_view traffic_node = "http://jabber.org/protocol/muc#traffic";

/// Whether `asker` may know details of the room. A hidden room tells strangers only that it exists (§14.4).
bool may_know(const Room& room, const Jid& asker)
{
    const RoleAndAffiliation role_and_affiliation = room.role_and_affiliation(asker);
    return room.config().listed || role_and_affiliation.role != Role::none
        || role_and_affiliation.affiliation >= Affiliation::member;
}

DataForm room_info(const Room& room, const Jid& asker)
{
    const RoomConfig& config = room.config();
    DataForm form(DataForm::Type::result, ns::room_info_form);
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
    add_avatar_hash(room, form);
    add_hats_hash(room, form);
    return form;
}

Element info_of(const Room& room, const Jid& asker)
{
    Element query("query", ns::disco_info);
    const std::string& name = room.config().name;
    query.add("identity")
        .set_attribute("category", "conference")
        .set_attribute("type", "text")
        .set_attribute("name", name.empty() ? std::string(room.address().local()) : name);
    const auto add = [&query](std::string_view feature) {
        query.add("feature").set_attribute("var", feature);
    };
    for (const std::string_view feature : always) {
        add(feature);
    }
    for (const std::string_view feature : config_features(room.config())) {
        add(feature);
    }
    if (room.config().registration && !room.config().members_only) {
        add(ns::in_band_registration);
    }
    if (room.is_archived()) {
        for (const std::string_view feature : of_archived) {
            add(feature);
        }
    }
    if (room.config().ticks) {
        add(ns::group_ticks);
    }
    query.add(room_info(room, asker).to_element());
    return query;
}

/// §7.12: returns the asker's reserved nick.
Element reserved_nick(const Room& room, const Jid& asker)
{
    Element query("query", ns::disco_info);
    query.set_attribute("node", reserved_nick_node);
    const RoomMember* member = room.members().find(asker);
    if (member != nullptr && !member->nick.empty()) {
        query.add("identity")
            .set_attribute("category", "conference")
            .set_attribute("type", "text")
            .set_attribute("name", member->nick);
    }
    return query;
}

} // namespace

Task<RoomAnswer> answer_room_info(std::shared_ptr<Room> room, Iq iq)
{
    const auto node = iq.payload().attribute("node");
    if (node == reserved_nick_node) {
        co_return RoomAnswer(std::optional(reserved_nick(*room, iq.from())));
    }
    if (node == traffic_node) {
        co_return StanzaError(StanzaError::service_unavailable); // §18.1.1: the room filters nothing
    }
    if (node && !node->empty()) {
        Element query("query", ns::disco_info);
        query.set_attribute("node", *node);
        if (!describe_command(*node, query)) {
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
    if (node == ns::commands) {
        add_commands(*room, iq.from(), query);
    }
    // §6.5: only occupants get the list of occupants.
    if (!node && room->role_and_affiliation(iq.from()).role != Role::none) {
        room->occupants().for_each([&](const Occupant& occupant) {
            query.add("item")
                .set_attribute("jid", occupant.address.text())
                .set_attribute("name", occupant.nick());
        });
    }
    co_return RoomAnswer(std::optional(std::move(query)));
}

} // namespace stonechat
