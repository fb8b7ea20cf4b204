// SPDX-License-Identifier: Apache-2.0
#include "muc/muc_commands.hpp"

#include "muc/muc_service.hpp"
#include "muc/room.hpp"
#include "muc/room_owner.hpp"
#include "net/shard.hpp"
#include "router/host.hpp"
#include "router/router.hpp"
#include "router/server.hpp"
#include "router/store_errors.hpp"
#include "storage/storage.hpp"
#include "xmpp/ns.hpp"

#include <utility>

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

DataForm form_for_room(std::string_view title)
{
    DataForm form(DataForm::Type::form, commands_form);
    form.set_title(title);
    DataForm::Field room;
    room.var = "room";
    room.type = FieldType::jid_single;
    room.label = "The address of the room";
    room.required = true;
    form.add(std::move(room));
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

Task<Outcome> list(MucService& service)
{
    RoomStore& store = service.host().storage().rooms();
    const std::string domain = service.domain().text();
    auto listing = store.list(domain, std::string(), most_listed, false);
    const auto rooms = co_await listing;
    if (!rooms) {
        co_return to_stanza_error(rooms.error());
    }
    DataForm table(DataForm::Type::result, commands_form);
    table.set_reported({ column("room", "Room"), column("name", "Name"),
        column("persistent", "Persistent") });
    for (const RoomSummary& room : *rooms) {
        const RoomConfig config = room_config_from_text(room.config);
        table.add_item({ cell("room", room.room + "@" + domain), cell("name", config.name),
            cell("persistent", room.persistent ? "1" : "0") });
    }
    Command::Outcome outcome;
    outcome.result = std::move(table);
    co_return outcome;
}

/// The room of a submitted form, if it is one of this service's.
std::optional<Jid> room_of(const MucService& service, const DataForm& form)
{
    auto room = Jid::parse(form.value("room").value_or(std::string_view()));
    const bool is_ours = room && room->has_local() && room->domain() == service.domain().text();
    return is_ours ? std::optional(room->bare()) : std::nullopt;
}

/// What is done with a room at its home, and the answer brought here.
Pending<Outcome> at_room(MucService& service, const Jid& address,
    Task<Outcome> (*work)(std::shared_ptr<Room> room))
{
    Pending<Outcome> pending;
    Shard& here = service.host().shard();
    service.host().router().server().at_home(address,
        [address, work, &here, promise = pending.promise()](Router& home) mutable {
            auto* there = dynamic_cast<MucService*>(home.service(address.domain()));
            there->room(address)->when_loaded([work, &here, promise](Room& room) mutable {
                start(
                    work(room.shared_from_this()),
                    [&here, promise](Outcome outcome) mutable {
                        auto shared = std::make_shared<Outcome>(std::move(outcome));
                        here.post([shared, promise]() mutable { promise.fulfil(std::move(*shared)); });
                    },
                    [&here, promise](const std::exception_ptr&) mutable {
                        here.post([promise]() mutable {
                            promise.fulfil(StanzaError(StanzaError::internal_server_error));
                        });
                    });
            });
        });
    return pending;
}

Task<Outcome> inspect_here(std::shared_ptr<Room> room)
{
    if (!room->exists()) {
        co_return StanzaError(StanzaError::item_not_found);
    }
    DataForm facts = room_config_form(room->config(), room->service().limits(),
        room->members().jids_with(Affiliation::owner), room->members().jids_with(Affiliation::admin),
        room->address().local());
    DataForm result(DataForm::Type::result, commands_form);
    result.add("room", FieldType::jid_single, room->address().text());
    result.add("occupants", FieldType::text_single, std::to_string(room->occupants().size()));
    result.add("members", FieldType::text_single, std::to_string(room->members().all().size()));
    result.add("subject", FieldType::text_single, room->history().subject_text());
    for (const DataForm::Field& field : facts.fields()) {
        if (field.type != FieldType::hidden && field.type != FieldType::text_private) {
            DataForm::Field copy = field;
            copy.options.clear();
            copy.required = false;
            result.add(std::move(copy));
        }
    }
    Command::Outcome outcome;
    outcome.result = std::move(result);
    co_return outcome;
}

Task<Outcome> destroy_here(std::shared_ptr<Room> room)
{
    if (!room->exists()) {
        co_return StanzaError(StanzaError::item_not_found);
    }
    auto taking = room->turns().take();
    const auto turn = co_await taking;
    Element wish("destroy", ns::muc_owner);
    auto destroying = destroy(room, std::move(wish));
    const bool destroyed = co_await destroying;
    if (!destroyed) {
        co_return StanzaError(StanzaError::internal_server_error, StanzaError::Type::wait);
    }
    Command::Outcome outcome;
    outcome.note = "The room is gone.";
    co_return outcome;
}

using Work = Task<Outcome> (*)(std::shared_ptr<Room> room);

Task<Outcome> with_room(MucService& service, DataForm form, Work work)
{
    const auto address = room_of(service, form);
    if (!address) {
        co_return StanzaError(StanzaError::bad_request, "That is no room of this service");
    }
    auto working = at_room(service, *address, work);
    auto outcome = co_await working;
    co_return outcome;
}

} // namespace

void attach_room_commands(Handlers& on, MucService& service)
{
    Command all;
    all.node = node("list");
    all.name = "List rooms";
    all.run = [&service](DataForm, Context) { return list(service); };
    on.command(std::move(all));

    Command one;
    one.node = node("inspect");
    one.name = "Inspect a room";
    one.form = form_for_room("Inspect a room");
    one.run = [&service](DataForm form, Context) {
        return with_room(service, std::move(form), inspect_here);
    };
    on.command(std::move(one));

    Command gone;
    gone.node = node("destroy");
    gone.name = "Destroy a room";
    gone.form = form_for_room("Destroy a room, with all that was said in it");
    gone.run = [&service](DataForm form, Context) {
        return with_room(service, std::move(form), destroy_here);
    };
    on.command(std::move(gone));
}

} // namespace stonechat
