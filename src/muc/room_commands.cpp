// SPDX-License-Identifier: Apache-2.0
#include "muc/room_commands.hpp"

#include "base/random.hpp"
#include "muc/muc_service.hpp"
#include "muc/room.hpp"
#include "muc/room_handlers.hpp"
#include "xmpp/ad_hoc_command.hpp"
#include "xmpp/data_form.hpp"
#include "xmpp/ns.hpp"

#include <optional>
#include <utility>

namespace stonechat {
namespace {

/// Begins an answer. The server keeps no state between the steps of a command, and a form may be submitted
/// without having been requested (XEP-0317 § Destroying a Hat). So the session id only helps the client to
/// recognise the answer.
Element answer_to(const RoomCommand& command, const Element& request, std::string_view status)
{
    const std::string_view session = request.attribute_or("sessionid");
    return command_answer(command.node, session.empty() ? random_id() : std::string(session), status);
}

Element hand_out(const RoomCommand& command, const Room& room, const Element& request)
{
    Element element = answer_to(command, request, "executing");
    add_command_form(element, command.form(room));
    return element;
}

/// Every command has one step: `execute` and `complete` carry it out.
std::optional<StanzaError> action_problem(std::string_view action)
{
    if (action == "execute" || action == "complete" || action == "cancel") {
        return std::nullopt;
    }
    return command_action_problem(action);
}

/// Returns the form that the client has submitted or canceled; an empty one if there is none.
Result<DataForm, StanzaError> form_in(const Element& request, const RoomCommand& command)
{
    const Element* x = request.child("x", ns::data_forms);
    if (x == nullptr) {
        return DataForm(DataForm::Type::submit, command.form_type);
    }
    auto form = DataForm::from_element(*x);
    const bool is_given_up = form && form->type() == DataForm::Type::cancel;
    const bool is_filled_in = form && form->type() == DataForm::Type::submit
        && form->form_type() == command.form_type;
    if (!is_given_up && !is_filled_in) {
        return command_error(StanzaError::bad_request, "bad-payload");
    }
    return form;
}

Task<RoomAnswer> finish(std::shared_ptr<Room> room, const RoomCommand& command, Iq iq, DataForm form)
{
    auto running = command.run(room, iq, std::move(form));
    auto ended = co_await running;
    if (!ended) {
        co_return ended.error();
    }
    Element element = answer_to(command, iq.payload(), "completed");
    if (ended->result) {
        element.add(ended->result->to_element());
    }
    co_return RoomAnswer(std::optional(std::move(element)), std::move(ended->afterwards));
}

Task<RoomAnswer> answer_command(std::shared_ptr<Room> room, Iq iq)
{
    auto locking = room->change_mutex().lock();
    const auto lock = co_await locking;
    const Element& request = iq.payload();
    const RoomCommand* command = room->service().room_handlers().find_command(request.attribute_or("node"));
    if (command == nullptr || !room->exists()) {
        co_return StanzaError(StanzaError::item_not_found);
    }
    if (!command->may_run(*room, iq.from())) {
        co_return StanzaError(StanzaError::forbidden);
    }
    if (room->state() == Room::State::locked) { // the room is not stored yet, so no change of it can be
        co_return StanzaError(StanzaError::unexpected_request, "The room has to be configured first");
    }
    const std::string_view action = request.attribute_or("action", "execute");
    if (auto refusal = action_problem(action)) {
        co_return std::move(*refusal);
    }
    if (action != "cancel" && request.child("x", ns::data_forms) == nullptr && command->form) {
        co_return RoomAnswer(std::optional(hand_out(*command, *room, request)));
    }
    auto form = form_in(request, *command);
    if (!form) {
        co_return form.error();
    }
    if (action == "cancel" || form->type() == DataForm::Type::cancel) {
        co_return RoomAnswer(std::optional(answer_to(*command, request, "canceled")));
    }
    auto finishing = finish(room, *command, iq, std::move(*form));
    auto answer = co_await finishing;
    co_return answer;
}

/// Adds the commands that `asker` may run.
void add_commands(const Room& room, const Jid& asker, Element& query)
{
    for (const RoomCommand& command : room.service().room_handlers().commands()) {
        if (command.may_run(room, asker)) {
            list_command(query, room.address().text(), command.node, command.name);
        }
    }
}

} // namespace

void attach_room_commands(RoomHandlers& on)
{
    on.feature(ns::commands);
    on.iq_set(ns::commands, "command", answer_command);
    on.disco_items(ns::commands, add_commands);
}

} // namespace stonechat
