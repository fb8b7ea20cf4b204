// SPDX-License-Identifier: Apache-2.0
#include "pubsub/node_commands.hpp"

#include "base/background.hpp"
#include "base/random.hpp"
#include "net/shard.hpp"
#include "pubsub/node_service.hpp"
#include "pubsub/subscription_approval.hpp"
#include "router/host.hpp"
#include "router/store_errors.hpp"
#include "xmpp/ad_hoc_command.hpp"
#include "xmpp/ns.hpp"

#include <algorithm>
#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace stonechat {
namespace {

constexpr std::string_view get_pending_name = "Get pending subscriptions";
constexpr std::string_view node_field = "pubsub#node";

/// Nodes in one form at most.
constexpr std::size_t most_nodes_listed = 500;
/// Requests for approval that are sent at a time, so that the client can take them.
constexpr std::size_t most_forms_sent = 500;

/// Begins an answer. The server keeps no state between the steps of the command: what may be done is decided
/// by the rights that the sender has now. So the session id only helps the client to recognise the answer.
Element command_reply(const Element& request, std::string_view status)
{
    const std::string_view session = request.attribute_or("sessionid");
    return command_answer(get_pending_command, session.empty() ? random_id() : std::string(session), status);
}

Element completed(const Element& request, const std::string& note)
{
    Element element = command_reply(request, "completed");
    if (!note.empty()) {
        element.add("note").set_attribute("type", "info").add_text(note);
    }
    return element;
}

DataForm choice_of_nodes(const std::vector<std::string>& nodes)
{
    DataForm form(DataForm::Type::form, ns::pubsub_subscribe_authorization);
    form.set_title("Pending subscriptions");
    form.set_instructions(
        "Choose a node. You get a message for each subscription to it that waits for approval.");
    DataForm::Field field;
    field.var = node_field;
    field.type = DataForm::FieldType::list_single;
    field.label = "Node";
    field.required = true;
    for (const std::string& node : nodes) {
        field.options.push_back({ {}, node });
    }
    form.add(std::move(field));
    return form;
}

/// Whether the sender owns a node, so that there is something that it may approve.
Task<Result<bool, StanzaError>> owns_nodes(NodeService& service, Jid who)
{
    if (service.owns_all(who)) {
        co_return true;
    }
    auto reading = service.store().involving(service.key(), who.bare());
    const auto involved = co_await reading;
    if (!involved) {
        co_return to_stanza_error(involved.error());
    }
    co_return std::any_of(involved->begin(), involved->end(),
        [](const NodeStore::Involvement& each) { return each.affiliation == NodeAffiliation::owner; });
}

/// The first step: in which node?
Task<IqAnswer> offer_nodes(NodeService& service, Iq iq)
{
    auto asking = owns_nodes(service, iq.from());
    const auto is_owner = co_await asking;
    if (!is_owner) {
        co_return is_owner.error();
    }
    if (!*is_owner) {
        co_return StanzaError(StanzaError::forbidden, "Only owners of nodes approve subscriptions");
    }
    const Jid owner = service.owns_all(iq.from()) ? Jid() : iq.from().bare();
    auto reading = service.store().pending(service.key(), owner, most_nodes_listed);
    const auto nodes = co_await reading;
    if (!nodes) {
        co_return to_stanza_error(nodes.error());
    }
    if (nodes->empty()) {
        co_return completed(iq.payload(), "No subscription waits for approval.");
    }
    Element element = command_reply(iq.payload(), "executing");
    add_command_form(element, choice_of_nodes(*nodes));
    co_return element;
}

std::vector<NodeSubscriber> pending_subscriptions(const Node& node)
{
    std::vector<NodeSubscriber> pending;
    for (const auto& [jid, subscriber] : node.subscribers()) {
        if (subscriber.state == NodeSubscriptionState::pending) {
            pending.push_back(subscriber);
        }
    }
    return pending;
}

/// The second step: the requests for approval, behind the answer.
Task<IqAnswer> send_pending(NodeService& service, Iq iq, std::string name)
{
    auto finding = service.find_owned(name, iq.from());
    const auto node = co_await finding;
    if (!node) {
        co_return node.error();
    }
    std::vector<NodeSubscriber> pending = pending_subscriptions(**node);
    std::string note;
    if (pending.size() > most_forms_sent) {
        note = "Of " + std::to_string(pending.size()) + " requests these are the first "
            + std::to_string(most_forms_sent) + ". Run the command again when they are decided.";
        pending.resize(most_forms_sent);
    }
    service.host().shard().post([&service, held = service.hold(), node = *node, pending = std::move(pending),
                                    to = iq.from()] {
        for (const NodeSubscriber& each : pending) {
            send_approval_form(service, *node, each, to);
        }
    });
    co_return completed(iq.payload(), note);
}

/// The form that the client has submitted or canceled; nullopt if there is none. Its FORM_TYPE may be absent,
/// as in the example of the XEP.
Result<std::optional<DataForm>, StanzaError> submitted_form(const Element& request)
{
    const Element* x = request.child("x", ns::data_forms);
    if (x == nullptr) {
        return std::nullopt;
    }
    auto form = DataForm::from_element(*x);
    const bool is_answer = form
        && (form->type() == DataForm::Type::submit || form->type() == DataForm::Type::cancel);
    if (!is_answer
        || (!form->form_type().empty() && form->form_type() != ns::pubsub_subscribe_authorization)) {
        return command_error(StanzaError::bad_request, "bad-payload");
    }
    return std::optional(std::move(*form));
}

Task<IqAnswer> get_pending(NodeService& service, Iq iq)
{
    const Element& request = iq.payload();
    const std::string_view action = request.attribute_or("action", "execute");
    if (action == "cancel") {
        co_return command_reply(request, "canceled");
    }
    if (action != "execute" && action != "complete") {
        co_return command_action_problem(action);
    }
    const auto form = submitted_form(request);
    if (!form) {
        co_return form.error();
    }
    if (!form->has_value()) {
        auto offering = offer_nodes(service, iq);
        auto offered = co_await offering;
        co_return offered;
    }
    if ((*form)->type() == DataForm::Type::cancel) {
        co_return command_reply(request, "canceled");
    }
    std::string node((*form)->value(node_field).value_or(std::string_view()));
    if (node.empty()) {
        co_return command_error(StanzaError::bad_request, "bad-payload");
    }
    auto sending = send_pending(service, iq, std::move(node));
    auto sent = co_await sending;
    co_return sent;
}

} // namespace

Task<IqAnswer> answer_node_command(NodeService& service, Iq iq)
{
    if (iq.payload().attribute_or("node") != get_pending_command) {
        co_return StanzaError(StanzaError::item_not_found, "There is no such command");
    }
    auto running = get_pending(service, iq);
    auto answer = co_await running;
    co_return answer;
}

void list_node_commands(const NodeService& service, Element& query)
{
    list_command(query, service.address().text(), get_pending_command, get_pending_name);
}

void describe_get_pending(Element& query)
{
    describe_command(query, get_pending_name);
}

} // namespace stonechat
