// SPDX-License-Identifier: Apache-2.0
#include "muc/room_registration.hpp"

#include "muc/room.hpp"
#include "muc/room_affiliations.hpp"
#include "muc/room_entrance.hpp"
#include "muc/room_handlers.hpp"
#include "router/host.hpp"
#include "router/store_errors.hpp"
#include "xmpp/data_form.hpp"
#include "xmpp/ns.hpp"

#include <algorithm>
#include <array>
#include <utility>

namespace stonechat {
namespace {

using FieldType = DataForm::FieldType;

/// §7.12: the node at which a user finds the nick that is reserved for them.
constexpr std::string_view reserved_nick_node = "x-roomuser-item";
constexpr std::string_view nick_field = "muc#register_roomnick";
constexpr std::string_view wake_field = "{urn:stonechat:muc:register:0}wake";

struct WakeName {
    NotificationSetting setting;
    std::string_view text;
    std::string_view label;
};
constexpr std::array wake_names {
    WakeName { NotificationSetting::always, "always", "For every message" },
    WakeName { NotificationSetting::on_mention, "mentions", "When I am mentioned" },
    WakeName { NotificationSetting::never, "never", "Never" },
};

std::string_view to_text(NotificationSetting setting)
{
    return wake_names[static_cast<std::size_t>(setting)].text;
}

bool is_wake_name(std::string_view text)
{
    return std::any_of(wake_names.begin(), wake_names.end(),
        [text](const WakeName& each) { return each.text == text; });
}

DataForm::Field wake_choice(const Room& room, const RoomMember* member)
{
    DataForm::Field wake;
    wake.var = wake_field;
    wake.type = FieldType::list_single;
    wake.label = "Wake my devices while I am away";
    wake.values.emplace_back(to_text(notification_setting(room, member)));
    for (const WakeName& each : wake_names) {
        wake.options.push_back({ std::string(each.label), std::string(each.text) });
    }
    return wake;
}

/// Without the module push no device can be woken, so the form offers no choice of that.
DataForm registration_form(const Room& room, const Jid& user)
{
    const RoomMember* member = room.members().find(user);
    DataForm form(DataForm::Type::form, ns::room_register_form);
    form.set_title("Registration with "
        + (room.config().name.empty() ? std::string(room.address().local()) : room.config().name));
    form.set_instructions("You become a member of this room, and your nick is yours alone.");
    DataForm::Field nick;
    nick.var = nick_field;
    nick.label = "Desired Nickname";
    nick.required = true;
    if (member != nullptr && !member->nick.empty()) {
        nick.values.push_back(member->nick);
    }
    form.add(std::move(nick));
    if (room.host().is_on("push")) {
        form.add(wake_choice(room, member));
    }
    return form;
}

/// §7.10: returns why the user may not register. Registering makes new members only if the owner allows it,
/// and never in a members-only room.
std::optional<StanzaError> registration_problem(const Room& room, const Jid& user)
{
    const Affiliation affiliation = room.affiliation(user);
    if (affiliation == Affiliation::outcast) {
        return StanzaError(StanzaError::forbidden);
    }
    const bool may_become_member = room.config().registration && !room.config().members_only;
    if (affiliation == Affiliation::none && !may_become_member) {
        return StanzaError(StanzaError::not_allowed);
    }
    return std::nullopt;
}

Result<RoomMember, StanzaError> read_registration(const Room& room, const Jid& user, const Element& query)
{
    const Element* x = query.child("x", ns::data_forms);
    if (x == nullptr) {
        return StanzaError(StanzaError::bad_request);
    }
    const auto form = DataForm::from_element(*x);
    if (!form || form->type() != DataForm::Type::submit || form->form_type() != ns::room_register_form) {
        return StanzaError(StanzaError::bad_request);
    }
    RoomMember member = room.members().copy_of(user);
    if (member.affiliation == Affiliation::none) {
        member.affiliation = Affiliation::member;
    }
    const auto wanted = form->value(nick_field);
    if (wanted) {
        const auto nick = room.address().with_resource(*wanted);
        if (!nick) {
            return StanzaError(StanzaError::jid_malformed, StanzaError::Type::modify);
        }
        if (auto refusal = nick_problem(room, user, nick->resource())) {
            return std::move(*refusal);
        }
        member.nick = nick->resource();
    } else if (member.nick.empty()) {
        return StanzaError(StanzaError::bad_request, "A nick is missing");
    }
    if (const auto wake = form->value(wake_field)) {
        member.choices = is_wake_name(*wake) ? *wake : "";
    }
    return member;
}

Task<RoomAnswer> store_change(std::shared_ptr<Room> room, RoomMember member)
{
    const Affiliation before = room->affiliation(member.jid);
    const Jid user = member.jid;
    std::vector<RoomMember> members { std::move(member) };
    auto storing = store_members(*room, std::move(members));
    const auto stored = co_await storing;
    if (!stored) {
        co_return to_stanza_error(stored.error());
    }
    if (room->affiliation(user) == before) {
        co_return RoomAnswer(std::nullopt);
    }
    co_return RoomAnswer(std::nullopt, apply_affiliation(*room, user, before, {}, {}));
}

/// Returns the entry of a user who unregisters. A member loses the affiliation; admins and owners lose only
/// their nick.
RoomMember unregistered(const Room& room, const Jid& user)
{
    RoomMember member = room.members().copy_of(user);
    member.nick.clear();
    member.choices.clear();
    if (member.affiliation == Affiliation::member) {
        member.affiliation = Affiliation::none;
    }
    return member;
}

Task<RoomAnswer> answer_register_get(std::shared_ptr<Room> room, Iq iq)
{
    if (auto refusal = registration_problem(*room, iq.from())) {
        co_return std::move(*refusal);
    }
    Element query("query", ns::in_band_registration);
    const RoomMember* member = room->members().find(iq.from());
    if (member != nullptr && !member->nick.empty()) {
        query.add("registered");
        query.add_text_child("username", member->nick);
    } else {
        query.add_text_child("instructions", "Choose the nick that is to be yours in this room.");
    }
    query.add(registration_form(*room, iq.from()).to_element());
    co_return RoomAnswer(std::optional(std::move(query)));
}

Task<RoomAnswer> answer_register_set(std::shared_ptr<Room> room, Iq iq)
{
    auto locking = room->change_mutex().lock();
    const auto lock = co_await locking;
    if (auto refusal = registration_problem(*room, iq.from())) {
        co_return std::move(*refusal);
    }
    if (iq.payload().child("remove") != nullptr) {
        auto removing = store_change(room, unregistered(*room, iq.from()));
        auto answer = co_await removing;
        co_return answer;
    }
    auto member = read_registration(*room, iq.from(), iq.payload());
    if (!member) {
        co_return member.error();
    }
    auto registering = store_change(room, std::move(*member));
    auto answer = co_await registering;
    co_return answer;
}

/// §7.12: adds the asker's reserved nick.
void add_reserved_nick(const Room& room, const Jid& asker, Element& query)
{
    const RoomMember* member = room.members().find(asker);
    if (member != nullptr && !member->nick.empty()) {
        query.add("identity")
            .set_attribute("category", "conference")
            .set_attribute("type", "text")
            .set_attribute("name", member->nick);
    }
}

} // namespace

NotificationSetting notification_setting(const Room& room, const RoomMember* member)
{
    for (const WakeName& each : wake_names) {
        if (member != nullptr && each.text == member->choices) {
            return each.setting;
        }
    }
    return room.config().members_only ? NotificationSetting::always : NotificationSetting::on_mention;
}

void attach_room_registration(RoomHandlers& on)
{
    on.feature(ns::in_band_registration,
        [](const Room& room) { return room.config().registration && !room.config().members_only; });
    on.iq_get(ns::in_band_registration, "query", answer_register_get);
    on.iq_set(ns::in_band_registration, "query", answer_register_set);
    on.disco_info(reserved_nick_node, add_reserved_nick);
}

} // namespace stonechat
