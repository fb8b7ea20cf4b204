// SPDX-License-Identifier: Apache-2.0
#include "muc/room_hat_commands.hpp"

#include "muc/muc_service.hpp"
#include "muc/room.hpp"
#include "muc/room_handlers.hpp"
#include "muc/room_hats.hpp"
#include "muc/room_owner.hpp"
#include "muc/room_presence.hpp"
#include "router/host.hpp"
#include "router/store_errors.hpp"
#include "xmpp/data_form.hpp"
#include "xmpp/ns.hpp"

#include <algorithm>
#include <array>
#include <charconv>
#include <optional>
#include <utility>
#include <vector>

namespace stonechat {
namespace {

using FieldType = DataForm::FieldType;
using Refusal = std::optional<StanzaError>; ///< nothing: the value is valid

// Every presence of a wearer contains the hat, and so does the list of hats that a client gets.
constexpr std::size_t longest_uri = 256;
constexpr std::size_t longest_title = 100;
constexpr std::size_t longest_hue = 20;
constexpr std::size_t longest_lang = 35; ///< BCP 47 §4.4.1
constexpr std::size_t most_worn_by_one = 8;
constexpr std::size_t most_worn = 500; ///< per room

bool has_control_character(std::string_view text)
{
    return std::any_of(text.begin(), text.end(), [](unsigned char c) { return c < 0x20 || c == 0x7f; });
}

// Parsing requests --------------------------------------------------------------------------------

/// RFC 3986: a scheme, then no character that would have to be escaped. Other letters are allowed as in an
/// IRI.
bool is_uri(std::string_view text)
{
    const std::size_t colon = text.find(':');
    const auto is_letter = [](char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z'); };
    const auto is_scheme = [is_letter](char c) {
        return is_letter(c) || (c >= '0' && c <= '9') || c == '+' || c == '-' || c == '.';
    };
    return colon != std::string_view::npos && colon > 0 && colon + 1 < text.size() && is_letter(text.front())
        && std::all_of(text.begin(), text.begin() + static_cast<std::ptrdiff_t>(colon), is_scheme)
        && text.find(' ') == std::string_view::npos && !has_control_character(text);
}

/// XEP-0392: degrees from 0 to 360.
bool is_hue(std::string_view text)
{
    double degrees = 0;
    const auto [end, failure] = std::from_chars(text.data(), text.data() + text.size(), degrees,
        std::chars_format::fixed);
    return failure == std::errc() && end == text.data() + text.size() && degrees >= 0 && degrees <= 360;
}

bool is_blank(std::string_view text)
{
    return std::all_of(text.begin(), text.end(), [](char c) { return c == ' '; });
}

Refusal hat_problem(const Hat& hat)
{
    if (hat.uri.size() > longest_uri || hat.title.size() > longest_title || hat.hue.size() > longest_hue) {
        return StanzaError(StanzaError::not_acceptable,
            "A hat has a URI of 256 bytes, a title of 100 and a hue of 20 at most");
    }
    if (!is_uri(hat.uri)) {
        return StanzaError(StanzaError::bad_request, "hats#uri has to be a URI");
    }
    if (is_blank(hat.title) || has_control_character(hat.title)) {
        return StanzaError(StanzaError::bad_request, "hats#title has to be a line of text");
    }
    if (!hat.hue.empty() && !is_hue(hat.hue)) {
        return StanzaError(StanzaError::bad_request, "hats#hue has to be an angle from 0 to 360");
    }
    return {};
}

/// Reads a hat from the form. The form has no language field; the language is that of the command.
Hat hat_in(const DataForm& form, const Iq& iq)
{
    Hat hat;
    hat.uri = form.value("hats#uri").value_or(std::string_view());
    hat.title = form.value("hats#title").value_or(std::string_view());
    hat.hue = form.value("hats#hue").value_or(std::string_view());
    hat.lang = iq.stanza().element().lang();
    if (hat.lang.size() > longest_lang) {
        hat.lang.clear();
    }
    return hat;
}

/// A user and an existing hat to assign or unassign.
struct Wish {
    Jid user;
    const Hat* hat = nullptr;
};

Result<Wish, StanzaError> wish_in(const Room& room, const DataForm& form)
{
    const auto user = Jid::parse(form.value("hats#jid").value_or(std::string_view()));
    if (!user || !user->has_local()) {
        return StanzaError(StanzaError::jid_malformed, StanzaError::Type::modify,
            "hats#jid has to be a user's address");
    }
    const Hat* hat = room.hats().find(form.value("hats#uri").value_or(std::string_view()));
    if (hat == nullptr) {
        return StanzaError(StanzaError::item_not_found, "The room has no such hat");
    }
    return Wish { user->bare(), hat };
}

// Changing ----------------------------------------------------------------------------------------

using Outcome = RoomCommand::Outcome;
using Ended = RoomCommand::Ended;

/// Sends the presence of all occupants with these bare addresses anew.
void show_wearers(Room& room, const std::set<std::string, std::less<>>& users)
{
    std::vector<Occupant*> affected;
    room.occupants().for_each([&](Occupant& occupant) {
        if (users.contains(occupant.user.text())) {
            affected.push_back(&occupant);
        }
    });
    for (Occupant* occupant : affected) {
        show(room, *occupant);
    }
}

enum class Told { list, wearers }; ///< what changed: the list of hats (status 104), or only who wears what

Task<Ended> change(std::shared_ptr<Room> room, RoomHats::Changes changes,
    std::set<std::string, std::less<>> users, Told told)
{
    auto storing = store_hats(room, std::move(changes));
    const auto done = co_await storing;
    if (!done) {
        co_return to_stanza_error(done.error());
    }
    Outcome outcome;
    outcome.afterwards = [room, users = std::move(users), told] {
        if (told == Told::list) {
            tell_config(*room, { muc_status::config_changed });
        }
        show_wearers(*room, users);
    };
    co_return std::move(outcome);
}

Task<Ended> create(std::shared_ptr<Room> room, Iq iq, DataForm form)
{
    const Hat hat = hat_in(form, iq);
    if (auto refusal = hat_problem(hat)) {
        co_return std::move(*refusal);
    }
    const Hat* old = room->hats().find(hat.uri);
    const auto most = static_cast<std::size_t>(room->service().settings().integer("max_hats"));
    if (old == nullptr && room->hats().all().size() >= most) {
        co_return StanzaError(StanzaError::resource_constraint, StanzaError::Type::cancel,
            "A room may have " + std::to_string(most) + " hats");
    }
    if (old != nullptr && *old == hat) {
        co_return Outcome();
    }
    auto changing = change(room, RoomHats::put(hat), room->hats().who_wears(hat.uri), Told::list);
    auto ended = co_await changing;
    co_return ended;
}

Task<Ended> destroy_hat(std::shared_ptr<Room> room, Iq, DataForm form)
{
    const std::string uri(form.value("hats#uri").value_or(std::string_view()));
    if (room->hats().find(uri) == nullptr) {
        co_return StanzaError(StanzaError::item_not_found, "The room has no such hat");
    }
    auto changing = change(room, room->hats().destroy(uri), room->hats().who_wears(uri), Told::list);
    auto ended = co_await changing;
    co_return ended;
}

Refusal wearing_problem(const Room& room, const Wish& wish)
{
    const auto his = room.hats().wearers().find(wish.user.text());
    if (his != room.hats().wearers().end() && his->second.size() >= most_worn_by_one) {
        return StanzaError(StanzaError::resource_constraint, StanzaError::Type::cancel,
            "One may wear 8 hats at a time");
    }
    if (room.hats().worn() >= most_worn) {
        return StanzaError(StanzaError::resource_constraint, StanzaError::Type::cancel,
            "500 hats may be worn in a room");
    }
    return {};
}

Task<Ended> assign(std::shared_ptr<Room> room, Iq, DataForm form)
{
    const auto wish = wish_in(*room, form);
    if (!wish) {
        co_return wish.error();
    }
    if (room->hats().wears(wish->user, wish->hat->uri)) {
        co_return Outcome();
    }
    if (auto refusal = wearing_problem(*room, *wish)) {
        co_return std::move(*refusal);
    }
    auto changes = room->hats().assign(wish->user, wish->hat->uri);
    auto changing = change(room, std::move(changes), { wish->user.text() }, Told::wearers);
    auto ended = co_await changing;
    co_return ended;
}

Task<Ended> unassign(std::shared_ptr<Room> room, Iq, DataForm form)
{
    const auto wish = wish_in(*room, form);
    if (!wish) {
        co_return wish.error();
    }
    if (!room->hats().wears(wish->user, wish->hat->uri)) {
        co_return StanzaError(StanzaError::item_not_found, "He does not wear this hat");
    }
    auto changes = room->hats().unassign(wish->user, wish->hat->uri);
    auto changing = change(room, std::move(changes), { wish->user.text() }, Told::wearers);
    auto ended = co_await changing;
    co_return ended;
}

// Lists -------------------------------------------------------------------------------------------

DataForm::Field cell(std::string_view var, std::string_view value = {})
{
    DataForm::Field field;
    field.var = var;
    if (!value.empty()) {
        field.values.emplace_back(value);
    }
    return field;
}

Task<Ended> list(std::shared_ptr<Room> room, Iq, DataForm)
{
    DataForm table(DataForm::Type::result, ns::hats_form);
    table.set_title("Hats List");
    table.set_reported({ cell("hats#title"), cell("hats#uri"), cell("hats#hue") });
    for (const auto& [uri, hat] : room->hats().all()) {
        table.add_item({ cell("hats#title", hat.title), cell("hats#uri", uri), cell("hats#hue", hat.hue) });
    }
    Outcome outcome;
    outcome.result = std::move(table);
    co_return std::move(outcome);
}

Task<Ended> list_assigned(std::shared_ptr<Room> room, Iq, DataForm)
{
    DataForm table(DataForm::Type::result, ns::hats_form);
    table.set_title("Assigned Hats List");
    table.set_reported({ cell("hats#jid"), cell("hats#uri"), cell("hats#title"), cell("hats#hue") });
    for (const auto& [jid, uris] : room->hats().wearers()) {
        for (const std::string& uri : uris) {
            if (const Hat* hat = room->hats().find(uri)) {
                table.add_item({ cell("hats#jid", jid), cell("hats#uri", uri), cell("hats#title", hat->title),
                    cell("hats#hue", hat->hue) });
            }
        }
    }
    Outcome outcome;
    outcome.result = std::move(table);
    co_return std::move(outcome);
}

// The commands ------------------------------------------------------------------------------------

/// Which form a command has. Existing hats are offered as a choice.
enum class Asks { nothing, a_new_hat, a_hat, a_hat_for_somebody };

enum class For {
    rulers,    ///< admins and owners
    everybody, ///< occupants and members
    knowing,   ///< the same, if they may see real addresses
};

struct HatCommand {
    std::string_view node;
    std::string_view name;
    For who;
    Asks asks;
    std::string_view title;
    std::string_view instructions;
    RoomCommand::Run run;
};

constexpr std::array hat_commands {
    HatCommand { "urn:xmpp:hats:commands:create", "Create or change a hat", For::rulers, Asks::a_new_hat,
        "Creating a Hat", "Fill out this form to create a hat.", create },
    HatCommand { "urn:xmpp:hats:commands:destroy", "Destroy a hat", For::rulers, Asks::a_hat,
        "Destroying a Hat", "Fill out this form to destroy a hat.", destroy_hat },
    HatCommand { "urn:xmpp:hats:commands:assign", "Assign a hat", For::rulers, Asks::a_hat_for_somebody,
        "Assigning a Hat", "Fill out this form to assign a hat.", assign },
    HatCommand { "urn:xmpp:hats:commands:unassign", "Remove a hat", For::rulers, Asks::a_hat_for_somebody,
        "Removing a Hat", "Fill out this form to remove a hat.", unassign },
    HatCommand { "urn:xmpp:hats:commands:list", "List hats", For::everybody, Asks::nothing, {}, {}, list },
    HatCommand { "urn:xmpp:hats:commands:list-assigned", "List who wears hats", For::knowing, Asks::nothing,
        {}, {}, list_assigned },
};

bool may_run(For allowed, const Room& room, const Jid& who)
{
    const RoleAndAffiliation role_and_affiliation = room.role_and_affiliation(who);
    const bool belongs = role_and_affiliation.role != Role::none
        || role_and_affiliation.affiliation >= Affiliation::member;
    switch (allowed) {
    case For::rulers: return role_and_affiliation.affiliation >= Affiliation::admin;
    case For::everybody: return belongs;
    case For::knowing:
        return role_and_affiliation.affiliation >= Affiliation::admin
            || (belongs && room.shows_real_addresses_to(who));
    }
    return false;
}

DataForm::Field asked_text(std::string_view var, std::string_view label, FieldType type, bool required)
{
    DataForm::Field field;
    field.var = var;
    field.label = label;
    field.type = type;
    field.required = required;
    return field;
}

DataForm::Field asked_hat(const Room& room)
{
    DataForm::Field field = asked_text("hats#uri", "The role", FieldType::list_single, true);
    for (const auto& [uri, hat] : room.hats().all()) {
        field.options.push_back({ hat.title, uri });
    }
    return field;
}

DataForm form_of(const HatCommand& command, const Room& room)
{
    DataForm form(DataForm::Type::form, ns::hats_form);
    form.set_title(command.title);
    form.set_instructions(command.instructions);
    switch (command.asks) {
    case Asks::nothing: break;
    case Asks::a_new_hat:
        form.add(asked_text("hats#title", "Hat Title", FieldType::text_single, true));
        form.add(asked_text("hats#uri", "Hat URI", FieldType::text_single, true));
        form.add(asked_text("hats#hue", "Hat Hue", FieldType::text_single, false));
        break;
    case Asks::a_hat: form.add(asked_hat(room)); break;
    case Asks::a_hat_for_somebody:
        form.add(asked_text("hats#jid", "User Address", FieldType::jid_single, true));
        form.add(asked_hat(room));
        break;
    }
    return form;
}

RoomCommand to_room_command(const HatCommand& command)
{
    RoomCommand made;
    made.node = command.node;
    made.name = command.name;
    made.may_run = [who = command.who](const Room& room, const Jid& asker) {
        return may_run(who, room, asker);
    };
    made.form_type = ns::hats_form;
    if (command.asks != Asks::nothing) {
        made.form = [&command](const Room& room) { return form_of(command, room); };
    }
    made.run = command.run;
    return made;
}

} // namespace

void attach_room_hats(RoomHandlers& on)
{
    on.feature(ns::hats);
    on.info_form(add_hats_hash);
    for (const HatCommand& command : hat_commands) {
        on.command(to_room_command(command));
    }
}

} // namespace stonechat
