// SPDX-License-Identifier: Apache-2.0
#include "pubsub/subscription_approval.hpp"

#include "base/random.hpp"
#include "pubsub/events.hpp"
#include "pubsub/node_service.hpp"
#include "router/host.hpp"
#include "router/router.hpp"
#include "xmpp/ns.hpp"

#include <utility>

namespace stonechat {
namespace {

using FieldType = DataForm::FieldType;

DataForm approval_form(const Node& node, const NodeSubscriber& subscriber)
{
    DataForm form(DataForm::Type::form, ns::pubsub_subscribe_authorization);
    form.set_title("Subscription request");
    form.set_instructions("Allow or deny the subscription of " + subscriber.jid.text() + ".");
    form.add("pubsub#subid", FieldType::hidden, subscriber.id);
    form.add("pubsub#node", FieldType::text_single, "Node ID", node.name());
    form.add("pubsub#subscriber_jid", FieldType::jid_single, "Subscriber Address", subscriber.jid.text());
    form.add("pubsub#allow", FieldType::boolean, "Allow this JID to subscribe to this pubsub node?", "0");
    return form;
}

} // namespace

void ask_for_approval(NodeService& service, const Node& node, const NodeSubscriber& subscriber)
{
    std::vector<Jid> owners = node.owners();
    if (!service.owner().empty()) {
        owners.push_back(service.owner());
    }
    for (const Jid& owner : owners) {
        send_approval_form(service, node, subscriber, owner);
    }
}

void send_approval_form(NodeService& service, const Node& node, const NodeSubscriber& subscriber,
    const Jid& owner)
{
    Stanza message = Stanza::message(service.address(), owner);
    message.element().set_attribute("id", random_id());
    message.element().add(approval_form(node, subscriber).to_element());
    service.host().router().route(std::move(message));
}

std::optional<DataForm> approval_of(const Element& message)
{
    const Element* x = message.child("x", ns::data_forms);
    if (x == nullptr) {
        return std::nullopt;
    }
    auto form = DataForm::from_element(*x);
    if (!form || form->form_type() != ns::pubsub_subscribe_authorization) {
        return std::nullopt;
    }
    return std::move(*form);
}

namespace {

/// Returns false if the store failed, so that the decision has to be sent again.
Task<bool> decide(NodeService& service, Jid from, DataForm form)
{
    const auto allow = form.flag("pubsub#allow");
    const auto jid = Jid::parse(form.value("pubsub#subscriber_jid").value_or(std::string_view()));
    const std::string name(form.value("pubsub#node").value_or(std::string_view()));
    if (form.type() != DataForm::Type::submit || !allow || !jid) {
        co_return true; // §8.6: after "cancel" the request stays pending
    }
    auto finding = service.find_owned(name, from);
    const auto node = co_await finding;
    if (!node) {
        co_return node.error().type() != StanzaError::Type::wait;
    }
    auto locking = (*node)->change_mutex().lock();
    const auto lock = co_await locking;
    const NodeSubscriber* pending = (*node)->subscriber(*jid);
    if (pending == nullptr || pending->state != NodeSubscriptionState::pending
        || form.value("pubsub#subid").value_or(pending->id) != pending->id) {
        co_return true;
    }
    NodeSubscriber decided = *pending;
    decided.state = *allow ? NodeSubscriptionState::subscribed : NodeSubscriptionState::none;
    NodeStore::Change change;
    change.subscribers.push_back(decided);
    auto changing = service.store_change(*node, std::move(change));
    const auto changed = co_await changing;
    if (!changed) {
        co_return changed.error().type() != StanzaError::Type::wait;
    }
    (*node)->put(decided);
    send_subscription_state(service, **node, decided);
    if (*allow) {
        send_last_item(service, *node, decided.jid);
    }
    co_return true;
}

} // namespace

Task<Done> take_approval(NodeService& service, Jid from, DataForm form, Settlement settlement)
{
    auto deciding = decide(service, std::move(from), std::move(form));
    const bool is_over = co_await deciding;
    if (is_over) {
        std::move(settlement).settle();
    } else {
        std::move(settlement).fail();
    }
    co_return Done();
}

} // namespace stonechat
