// SPDX-License-Identifier: Apache-2.0
#include "muc/voice_requests.hpp"

#include "base/random.hpp"
#include "muc/room_handlers.hpp"
#include "muc/room_presence.hpp"
#include "router/host.hpp"
#include "router/router.hpp"
#include "xmpp/data_form.hpp"
#include "xmpp/ns.hpp"

#include <utility>

namespace stonechat {
namespace {

using FieldType = DataForm::FieldType;

std::optional<DataForm> voice_form(const Stanza& message)
{
    const Element* x = message.element().child("x", ns::data_forms);
    if (x == nullptr) {
        return std::nullopt;
    }
    auto form = DataForm::from_element(*x);
    const bool is_one = form && form->type() == DataForm::Type::submit
        && form->form_type() == ns::room_request_form;
    return is_one ? std::optional(std::move(*form)) : std::nullopt;
}

/// §8.6: returns the form that moderators get.
DataForm approval_form(const Occupant& visitor)
{
    DataForm form(DataForm::Type::form, ns::room_request_form);
    form.set_title("Voice request");
    form.set_instructions(
        "To approve this request for voice, select the \"Grant voice to this person?\" checkbox and "
        "click OK. To skip this request, click the cancel button.");
    form.add("muc#role", FieldType::list_single, "Requested role", "participant");
    form.add("muc#jid", FieldType::jid_single, "User ID", visitor.shown().jid().text());
    form.add("muc#roomnick", FieldType::text_single, "Room Nickname", visitor.nick());
    form.add("muc#request_allow", FieldType::boolean, "Grant voice to this person?", "false");
    return form;
}

void ask_moderators(Room& room, const Occupant& visitor)
{
    Stanza question = Stanza::message(room.address(), Jid());
    question.element().set_attribute("id", random_id());
    question.element().add(approval_form(visitor).to_element());
    room.say(std::move(question), room.occupants().moderators());
}

void grant(Room& room, const DataForm& form)
{
    if (!form.flag("muc#request_allow").value_or(false) || form.value("muc#role") != "participant") {
        return; // not granted; nobody is told
    }
    Occupant* visitor = room.occupants().by_nick(form.value("muc#roomnick").value_or(std::string_view()));
    if (visitor == nullptr || visitor->role != Role::visitor) {
        return; // the visitor has left or has voice already
    }
    visitor->role = Role::participant;
    show(room, *visitor);
}

/// Returns why a voice request is refused. Only visitors may ask, and only for themselves.
std::optional<StanzaError> voice_request_problem(Room& room, const Occupant* sender, const DataForm& form)
{
    const bool is_visitor = sender != nullptr && sender->role == Role::visitor;
    if (sender != nullptr && form.field("muc#request_allow") != nullptr) {
        return StanzaError(StanzaError::forbidden);
    }
    if (!is_visitor) {
        return StanzaError(StanzaError::not_acceptable);
    }
    if (!room.rates().allows_message(sender->user)) {
        return StanzaError(StanzaError::resource_constraint);
    }
    return std::nullopt;
}

/// Whether the message carries a form of type muc#request.
bool is_voice_form(const Stanza& message)
{
    return voice_form(message).has_value();
}

void receive_voice_form(Room& room, const Stanza& message, Settlement&)
{
    const Occupant* sender = room.occupants().by_device(message.from());
    const auto form = voice_form(message);
    if (sender != nullptr && sender->role == Role::moderator) {
        grant(room, *form);
    } else if (const auto refusal = voice_request_problem(room, sender, *form)) {
        room.refuse(message, *refusal);
    } else {
        ask_moderators(room, *sender);
    }
}

} // namespace

void attach_voice_requests(RoomHandlers& on)
{
    on.feature(ns::muc_request);
    on.message(is_voice_form, receive_voice_form);
}

} // namespace stonechat
