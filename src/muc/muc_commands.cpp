// SPDX-License-Identifier: Apache-2.0
#include "muc/muc_commands.hpp"

#include "router/rooms.hpp"

#include <algorithm>
#include <string>
#include <utility>
#include <vector>

namespace stonechat {
namespace {

using Outcome = Result<Command::Outcome, StanzaError>;
using FieldType = DataForm::FieldType;

constexpr std::string_view commands_form = "urn:stonechat:muc:commands:0";
constexpr std::size_t most_listed = 500;

std::string node(std::string_view name)
{
    std::string text(commands_form);
    text += '#';
    text += name;
    return text;
}

DataForm::Field asked(std::string_view var, FieldType type, std::string_view label)
{
    DataForm::Field field;
    field.var = var;
    field.type = type;
    field.label = label;
    field.required = true;
    return field;
}

DataForm form_for_room(std::string_view title)
{
    DataForm form(DataForm::Type::form, commands_form);
    form.set_title(title);
    form.add(asked("room", FieldType::jid_single, "The address of the room"));
    return form;
}

DataForm::Field column(std::string_view var, std::string_view label)
{
    DataForm::Field field;
    field.var = var;
    field.label = label;
    return field;
}

DataForm::Field cell(std::string_view var, std::string value)
{
    DataForm::Field field;
    field.var = var;
    field.values.push_back(std::move(value));
    return field;
}

StanzaError to_error(const RoomProblem& problem)
{
    switch (problem.kind) {
    case RoomProblem::Kind::no_such_room: return StanzaError(StanzaError::item_not_found, problem.message);
    case RoomProblem::Kind::no_such_field:
    case RoomProblem::Kind::bad_value: return StanzaError(StanzaError::bad_request, problem.message);
    case RoomProblem::Kind::not_allowed: return StanzaError(StanzaError::not_acceptable, problem.message);
    case RoomProblem::Kind::store_full:
        return StanzaError(StanzaError::resource_constraint, StanzaError::Type::wait, problem.message);
    case RoomProblem::Kind::store_failed:
        return StanzaError(StanzaError::internal_server_error, StanzaError::Type::wait, problem.message);
    }
    return StanzaError(StanzaError::internal_server_error);
}

Task<Outcome> list(Rooms& rooms)
{
    auto listing = rooms.list(std::string(), most_listed);
    const auto listed = co_await listing;
    if (!listed) {
        co_return to_error(listed.error());
    }
    DataForm table(DataForm::Type::result, commands_form);
    table.set_reported({ column("room", "Room"), column("name", "Name"), column("occupants", "Occupants"),
        column("persistent", "Persistent") });
    for (const RoomEntry& room : listed->rooms) {
        table.add_item({ cell("room", room.room), cell("name", room.name),
            cell("occupants", std::to_string(room.occupants)),
            cell("persistent", room.persistent ? "1" : "0") });
    }
    Command::Outcome outcome;
    outcome.result = std::move(table);
    co_return outcome;
}

/// Returns the room that a submitted form names, or an error if it is not a room of this service.
Result<Jid, StanzaError> room_of(const Rooms& rooms, const DataForm& form)
{
    const auto room = Jid::parse(form.value("room").value_or(std::string_view()));
    if (!room || !room->has_local() || room->domain() != rooms.domain().text()) {
        return StanzaError(StanzaError::bad_request, "That is no room of this service");
    }
    return room->bare();
}

Task<Outcome> inspect(Rooms& rooms, DataForm form)
{
    const auto room = room_of(rooms, form);
    if (!room) {
        co_return room.error();
    }
    auto inspecting = rooms.inspect(*room);
    const auto facts = co_await inspecting;
    if (!facts) {
        co_return to_error(facts.error());
    }
    DataForm result(DataForm::Type::result, commands_form);
    result.add("room", FieldType::jid_single, room->text());
    result.add("occupants", FieldType::text_single, std::to_string(facts->occupants.size()));
    result.add("members", FieldType::text_single, std::to_string(facts->affiliations.size()));
    result.add("subject", FieldType::text_single, facts->subject);
    for (const DataForm::Field& field : facts->configuration.fields()) {
        if (field.type != FieldType::hidden) {
            result.add(field);
        }
    }
    Command::Outcome outcome;
    outcome.result = std::move(result);
    co_return outcome;
}

DataForm form_for_settings()
{
    DataForm form = form_for_room("Configure a room");
    form.set_instructions(
        "One setting to a line, as in roomname=Coven. Inspecting the room shows the names; of those "
        "with several values, each has a line.");
    form.add(asked("settings", FieldType::text_multi, "What is to be changed"));
    return form;
}

/// Parses `name=value` lines. A repeated name gives a setting with several values.
Result<std::vector<RoomSetting>, StanzaError> settings_of(const DataForm& form)
{
    std::vector<RoomSetting> settings;
    for (const std::string& line : form.values("settings")) {
        const std::size_t equals = line.find('=');
        if (equals == std::string::npos) {
            return StanzaError(StanzaError::bad_request, "'" + line + "' is no setting: name=value is one");
        }
        const std::string name = line.substr(0, equals);
        const auto earlier = std::find_if(settings.begin(), settings.end(),
            [&name](const RoomSetting& each) { return each.name == name; });
        if (earlier != settings.end()) {
            earlier->values.push_back(line.substr(equals + 1));
        } else {
            settings.push_back({ name, { line.substr(equals + 1) } });
        }
    }
    if (settings.empty()) {
        return StanzaError(StanzaError::bad_request, "Nothing is to be changed");
    }
    return settings;
}

Task<Outcome> configure(Rooms& rooms, DataForm form)
{
    const auto room = room_of(rooms, form);
    if (!room) {
        co_return room.error();
    }
    auto settings = settings_of(form);
    if (!settings) {
        co_return settings.error();
    }
    auto configuring = rooms.configure(*room, std::move(*settings));
    const auto configured = co_await configuring;
    if (!configured) {
        co_return to_error(configured.error());
    }
    Command::Outcome outcome;
    outcome.note = "The room is configured so.";
    co_return outcome;
}

Task<Outcome> destroy(Rooms& rooms, DataForm form)
{
    const auto room = room_of(rooms, form);
    if (!room) {
        co_return room.error();
    }
    auto destroying = rooms.destroy(*room, std::string(), Jid());
    const auto destroyed = co_await destroying;
    if (!destroyed) {
        co_return to_error(destroyed.error());
    }
    Command::Outcome outcome;
    outcome.note = "The room is gone.";
    co_return outcome;
}

} // namespace

void attach_muc_commands(Handlers& on, Rooms& rooms)
{
    Command all;
    all.node = node("list");
    all.name = "List rooms";
    all.run = [&rooms](DataForm, Context) { return list(rooms); };
    on.command(std::move(all));

    Command one;
    one.node = node("inspect");
    one.name = "Inspect a room";
    one.form = form_for_room("Inspect a room");
    one.run = [&rooms](DataForm form, Context) { return inspect(rooms, std::move(form)); };
    on.command(std::move(one));

    Command other;
    other.node = node("configure");
    other.name = "Configure a room";
    other.form = form_for_settings();
    other.run = [&rooms](DataForm form, Context) { return configure(rooms, std::move(form)); };
    on.command(std::move(other));

    Command gone;
    gone.node = node("destroy");
    gone.name = "Destroy a room";
    gone.form = form_for_room("Destroy a room, with all that was said in it");
    gone.run = [&rooms](DataForm form, Context) { return destroy(rooms, std::move(form)); };
    on.command(std::move(gone));
}

} // namespace stonechat
