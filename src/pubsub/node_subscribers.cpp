// SPDX-License-Identifier: Apache-2.0
// XEP-0060 section 8.8: the owners of a node see and change its subscriptions.
#include "base/random.hpp"
#include "pubsub/events.hpp"
#include "pubsub/node_service.hpp"
#include "pubsub/pubsub_requests.hpp"
#include "xmpp/ns.hpp"

#include <algorithm>
#include <utility>
#include <vector>

namespace stonechat {
namespace {

/// §8.8.1
Task<IqAnswer> answer_node_subscribers(NodeService& service, PubsubRequest request)
{
    auto finding = service.find_owned(request.node(), request.from());
    const auto node = co_await finding;
    if (!node) {
        co_return node.error();
    }
    Element answer("pubsub", ns::pubsub_owner);
    Element& list = answer.add("subscriptions");
    list.set_attribute("node", (*node)->name());
    for (const auto& [jid, subscriber] : (*node)->subscribers()) {
        if (subscriber.state == NodeSubscriptionState::pending) {
            continue; // owners have a request of it
        }
        Element& element = list.add("subscription");
        element.set_attribute("jid", jid.text()).set_attribute("subscription", to_text(subscriber.state));
        element.set_attribute("subid", subscriber.id);
    }
    co_return answer;
}

/// Reads the changes that an owner wants, as records of subscribers. An entry that makes no sense refuses
/// them all.
Result<std::vector<NodeSubscriber>, StanzaError> wanted_subscribers(const Node& node,
    const PubsubRequest& request)
{
    std::vector<NodeSubscriber> wanted;
    for (const Element* each : request.operation->children("subscription", ns::pubsub_owner)) {
        if (!each->has_attribute("subscription")) {
            continue; // §8.8.2.1: no change
        }
        const auto jid = Jid::parse(each->attribute_or("jid"));
        if (!jid) {
            return StanzaError(StanzaError::jid_malformed, StanzaError::Type::modify);
        }
        const auto state = node_subscription_state(each->attribute_or("subscription"));
        if (!state || *state == NodeSubscriptionState::unconfigured) {
            return StanzaError(StanzaError::not_acceptable, "This subscription state cannot be set");
        }
        const NodeSubscriber* now = node.subscriber(*jid);
        NodeSubscriber subscriber = now == nullptr ? NodeSubscriber() : *now;
        subscriber.jid = *jid;
        subscriber.state = *state;
        subscriber.id = now == nullptr ? random_id() : now->id;
        wanted.push_back(std::move(subscriber));
    }
    return wanted;
}

/// §8.8.2. Those whose subscription changed are told (§8.8.4).
Task<IqAnswer> answer_change_subscribers(NodeService& service, PubsubRequest request)
{
    auto finding = service.find_owned(request.node(), request.from());
    const auto node = co_await finding;
    if (!node) {
        co_return node.error();
    }
    auto locking = (*node)->change_mutex().lock();
    const auto lock = co_await locking;
    auto wanted = wanted_subscribers(**node, request);
    if (!wanted) {
        co_return wanted.error();
    }
    const auto added = std::count_if(wanted->begin(), wanted->end(), [&node](const NodeSubscriber& each) {
        return each.state != NodeSubscriptionState::none && (*node)->subscriber(each.jid) == nullptr;
    });
    if (added > 0
        && (*node)->subscribers().size() + static_cast<std::size_t>(added) > service.max_subscribers()) {
        co_return StanzaError(StanzaError::resource_constraint, StanzaError::Type::cancel,
            "A node may have " + std::to_string(service.max_subscribers()) + " subscriptions at most");
    }
    NodeStore::Change change;
    change.subscribers = *wanted;
    auto changing = service.store_change(*node, std::move(change));
    const auto changed = co_await changing;
    if (!changed) {
        co_return changed.error();
    }
    for (const NodeSubscriber& each : *wanted) {
        const NodeSubscriber* before = (*node)->subscriber(each.jid);
        const bool is_new_state = before == nullptr || before->state != each.state;
        (*node)->put(each);
        if (is_new_state) {
            send_subscription_state(service, **node, each);
            if (each.state == NodeSubscriptionState::subscribed) {
                send_last_item(service, *node, each.jid);
            }
        }
    }
    co_return std::nullopt;
}

} // namespace

void attach_subscribers(PubsubRequests& on)
{
    on.get(ns::pubsub_owner, "subscriptions", answer_node_subscribers);
    on.set(ns::pubsub_owner, "subscriptions", answer_change_subscribers);
}

} // namespace stonechat
