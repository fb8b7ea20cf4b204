// SPDX-License-Identifier: Apache-2.0
// XEP-0060 section 8.8: the owners of a node see and change its subscriptions.
#include "base/random.hpp"
#include "pubsub/events.hpp"
#include "pubsub/failed_entries.hpp"
#include "pubsub/node_service.hpp"
#include "pubsub/pubsub_requests.hpp"
#include "xmpp/ns.hpp"

#include <algorithm>
#include <string>
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

/// Works out which of the changes that an owner wants are possible.
class WantedSubscriptions {
public:
    WantedSubscriptions(const NodeService& service, const Node& node)
        : node_(node),
          room_(service.max_subscribers() - std::min(service.max_subscribers(), node.subscribers().size())),
          most_(service.max_subscribers())
    {}

    void take(const Element& entry)
    {
        const auto jid = Jid::parse(entry.attribute_or("jid"));
        if (!jid) {
            fail(entry, nullptr, StanzaError(StanzaError::jid_malformed, StanzaError::Type::modify));
            return;
        }
        const NodeSubscriber* now = node_.subscriber(*jid);
        const auto state = node_subscription_state(entry.attribute_or("subscription"));
        if (!state || *state == NodeSubscriptionState::unconfigured) {
            fail(entry, now,
                StanzaError(StanzaError::not_acceptable, "This subscription state cannot be set"));
            return;
        }
        const bool is_new = now == nullptr && *state != NodeSubscriptionState::none;
        if (is_new && room_ == 0) {
            fail(entry, now,
                StanzaError(StanzaError::resource_constraint, StanzaError::Type::cancel,
                    "A node may have " + std::to_string(most_) + " subscriptions at most"));
            return;
        }
        room_ -= is_new ? 1 : 0;
        NodeSubscriber subscriber = now == nullptr ? NodeSubscriber() : *now;
        subscriber.jid = *jid;
        subscriber.state = *state;
        subscriber.id = now == nullptr ? random_id() : now->id;
        changes_.push_back(std::move(subscriber));
    }

    const std::vector<NodeSubscriber>& changes() const { return changes_; }
    FailedEntries& failed() { return failed_; }

private:
    void fail(const Element& entry, const NodeSubscriber* now, StanzaError why)
    {
        Element element("subscription", ns::pubsub_owner);
        element.set_attribute("jid", entry.attribute_or("jid"));
        element.set_attribute("subscription",
            to_text(now == nullptr ? NodeSubscriptionState::none : now->state));
        failed_.add(std::move(element), std::move(why));
    }

    const Node& node_;
    std::size_t room_; ///< for so many more subscriptions
    std::size_t most_;
    std::vector<NodeSubscriber> changes_;
    FailedEntries failed_;
};

/// Those whose subscription changed are told (§8.8.4).
void apply_changes(NodeService& service, const NodePtr& node, const std::vector<NodeSubscriber>& changes)
{
    for (const NodeSubscriber& each : changes) {
        const NodeSubscriber* before = node->subscriber(each.jid);
        const bool is_new_state = before == nullptr || before->state != each.state;
        node->put(each);
        if (is_new_state) {
            send_subscription_state(service, *node, each);
            if (each.state == NodeSubscriptionState::subscribed) {
                send_last_item(service, node, each.jid);
            }
        }
    }
}

/// §8.8.2. What is possible is done; the answer lists the rest (§8.8.2.4).
Task<IqAnswer> answer_change_subscribers(NodeService& service, PubsubRequest request)
{
    auto finding = service.find_owned(request.node(), request.from());
    const auto node = co_await finding;
    if (!node) {
        co_return node.error();
    }
    auto locking = (*node)->change_mutex().lock();
    const auto lock = co_await locking;
    WantedSubscriptions wanted(service, **node);
    for (const Element* each : request.operation->children("subscription", ns::pubsub_owner)) {
        if (each->has_attribute("subscription")) { // without: §8.8.2.1, no change
            wanted.take(*each);
        }
    }
    NodeStore::Change change;
    change.subscribers = wanted.changes();
    auto changing = service.store_change(*node, std::move(change));
    const auto changed = co_await changing;
    if (!changed) {
        co_return changed.error();
    }
    apply_changes(service, *node, wanted.changes());
    co_return wanted.failed().answer(*request.operation);
}

} // namespace

void attach_subscribers(PubsubRequests& on)
{
    on.get(ns::pubsub_owner, "subscriptions", answer_node_subscribers);
    on.set(ns::pubsub_owner, "subscriptions", answer_change_subscribers);
}

} // namespace stonechat
