// SPDX-License-Identifier: Apache-2.0
// XEP-0060 sections 6.1 to 6.4 and 5.6: a subscriber subscribes, unsubscribes, sets options and sees its
// subscriptions. A node has at most one subscription of each address.
#include "base/background.hpp"
#include "base/random.hpp"
#include "net/shard.hpp"
#include "pubsub/bounces.hpp"
#include "pubsub/events.hpp"
#include "pubsub/node_service.hpp"
#include "pubsub/pubsub_requests.hpp"
#include "pubsub/subscription_approval.hpp"
#include "router/host.hpp"
#include "router/router.hpp"
#include "router/store_errors.hpp"
#include "xmpp/ns.hpp"

#include <optional>
#include <utility>

namespace stonechat {
namespace {

constexpr std::string_view deliver_field = "pubsub#deliver";

Result<Jid, StanzaError> jid_of(const PubsubRequest& request)
{
    const auto text = request.operation->attribute("jid");
    if (!text) {
        return pubsub_error(StanzaError::bad_request, "jid-required");
    }
    const auto jid = Jid::parse(*text);
    if (!jid) {
        return pubsub_error(StanzaError::bad_request, "invalid-jid");
    }
    return *jid;
}

/// The `jid` of a request, which has to be an address of the sender's account (§6.1.3.1).
Result<Jid, StanzaError> subscriber_of(const PubsubRequest& request)
{
    auto jid = jid_of(request);
    if (jid && !jid->same_bare(request.from())) {
        return pubsub_error(StanzaError::bad_request, "invalid-jid");
    }
    return jid;
}

/// Reads the form of §6.3.5 into the stored text.
Result<std::string, StanzaError> read_options(const Element& options)
{
    const Element* x = options.child("x", ns::data_forms);
    const auto form = x == nullptr ? Result<DataForm, StanzaError>(StanzaError())
                                   : DataForm::from_element(*x);
    if (!form || form->form_type() != ns::pubsub_subscribe_options) {
        return pubsub_error(StanzaError::bad_request, "invalid-options");
    }
    if (form->field(deliver_field) == nullptr) {
        return std::string();
    }
    const auto deliver = form->flag(deliver_field);
    if (!deliver) {
        return pubsub_error(StanzaError::bad_request, "invalid-options");
    }
    return std::string(*deliver ? std::string_view() : no_events);
}

DataForm options_form(std::string_view options)
{
    DataForm form(DataForm::Type::form, ns::pubsub_subscribe_options);
    form.add(deliver_field, DataForm::FieldType::boolean, "Whether an entity wants to receive notifications",
        options == no_events ? "0" : "1");
    return form;
}

Task<Result<Done, StanzaError>> store_subscriber(NodeService& service, NodePtr node,
    NodeSubscriber subscriber)
{
    NodeStore::Change change;
    change.subscribers.push_back(subscriber);
    auto changing = service.store_change(node, std::move(change));
    const auto changed = co_await changing;
    if (!changed) {
        co_return changed.error();
    }
    node->put(subscriber);
    co_return Done();
}

Task<Done> read_and_send_last_item(NodeService& service, std::shared_ptr<const void>, NodePtr node,
    Jid subscriber)
{
    if (node->config().last_item == NodeConfig::LastItem::never || !node->config().persist_items) {
        co_return Done();
    }
    NodeStore::ItemQuery query;
    query.before = "";
    query.max = 1;
    auto reading = service.store().items(service.key(), node->name(), std::move(query));
    const auto page = co_await reading;
    if (page && !page->items.empty()) {
        service.host().router().route(last_item_message(service.address(), node->name(), node->config(),
            page->items.front(), subscriber, new_event_id(service, node->name())));
    }
    co_return Done();
}

StanzaError too_many_subscribers(std::size_t most)
{
    return StanzaError(StanzaError::policy_violation, StanzaError::Type::wait,
        "A node may have " + std::to_string(most) + " subscriptions at most")
        .with(Element("too-many-subscriptions", ns::pubsub_errors));
}

/// §6.1. A second request of the same address changes nothing but its options.
Task<Result<NodeSubscriber, StanzaError>> subscribe(NodeService& service, NodePtr node, Jid jid,
    std::optional<std::string> options)
{
    auto locking = node->change_mutex().lock();
    const auto lock = co_await locking;
    const NodeSubscriber* now = node->subscriber(jid);
    const bool is_subscribed = now != nullptr && now->state == NodeSubscriptionState::subscribed;
    const Relation relation = service.relation(*node, jid);
    if (auto refused = subscribing_refused(node->config(), relation)) {
        co_return std::move(*refused);
    }
    if (service.is_blocked(jid)) {
        co_return StanzaError(StanzaError::forbidden);
    }
    if (now == nullptr && node->subscribers().size() >= service.max_subscribers()) {
        co_return too_many_subscribers(service.max_subscribers());
    }
    NodeSubscriber subscriber;
    subscriber.jid = jid;
    subscriber.id = now == nullptr ? random_id() : now->id;
    subscriber.options = options.value_or(now == nullptr ? std::string() : now->options);
    subscriber.state = needs_approval(node->config(), relation) && !is_subscribed
        ? NodeSubscriptionState::pending
        : NodeSubscriptionState::subscribed;
    auto storing = store_subscriber(service, node, subscriber);
    const auto stored = co_await storing;
    if (!stored) {
        co_return stored.error();
    }
    if (subscriber.state == NodeSubscriptionState::pending) {
        ask_for_approval(service, *node, subscriber);
    }
    co_return subscriber;
}

Task<IqAnswer> answer_subscribe(NodeService& service, PubsubRequest request)
{
    const std::string name = request.node();
    if (name.empty()) {
        co_return pubsub_error(StanzaError::bad_request, "nodeid-required");
    }
    auto jid = subscriber_of(request);
    if (!jid) {
        co_return jid.error();
    }
    std::optional<std::string> options;
    if (const Element* wished = request.pubsub().child("options")) {
        const bool is_first = wished == request.pubsub().first_child();
        if (is_first || wished->has_attribute("node") || wished->has_attribute("jid")) { // §6.3.7
            co_return StanzaError(StanzaError::bad_request,
                "<options/> follows <subscribe/> and names nothing");
        }
        auto read = read_options(*wished);
        if (!read) {
            co_return read.error();
        }
        options = std::move(*read);
    }
    auto finding = service.find(name);
    const auto node = co_await finding;
    if (!node) {
        co_return node.error();
    }
    auto subscribing = subscribe(service, *node, *jid, std::move(options));
    const auto subscriber = co_await subscribing;
    if (!subscriber) {
        co_return subscriber.error();
    }
    if (subscriber->state == NodeSubscriptionState::subscribed) {
        send_last_item(service, *node, subscriber->jid);
    }
    Element answer("pubsub", ns::pubsub);
    answer.add(to_element(*subscriber, name, ns::pubsub));
    if (request.pubsub().child("options") != nullptr) { // §6.3.7
        DataForm set(DataForm::Type::result, ns::pubsub_subscribe_options);
        set.add(deliver_field, DataForm::FieldType::boolean, subscriber->options == no_events ? "0" : "1");
        answer.add("options").add(set.to_element());
    }
    co_return answer;
}

/// Finds the subscription that a request is about (§6.2.3, §6.3.4).
Result<NodeSubscriber, StanzaError> named_subscription(const Node& node, const PubsubRequest& request,
    const Jid& jid)
{
    const NodeSubscriber* subscriber = node.subscriber(jid);
    if (subscriber == nullptr) {
        const bool unsubscribes = request.operation->name() == "unsubscribe";
        return pubsub_error(StanzaError::unexpected_request,
            unsubscribes ? StanzaError::Type::cancel : StanzaError::Type::modify, "not-subscribed");
    }
    const auto id = request.operation->attribute("subid");
    if (id && *id != subscriber->id) {
        return pubsub_error(StanzaError::not_acceptable, "invalid-subid");
    }
    return *subscriber;
}

/// The node and the sender's subscription to it that a request names.
struct Subscribed {
    NodePtr node;
    NodeSubscriber subscriber;
};

Task<Result<Subscribed, StanzaError>> find_subscription(NodeService& service, PubsubRequest request)
{
    const auto jid = jid_of(request);
    if (!jid) {
        co_return jid.error();
    }
    if (!jid->same_bare(request.from())) {
        co_return StanzaError(StanzaError::forbidden); // §6.2.3.3
    }
    auto finding = service.find(request.node());
    const auto node = co_await finding;
    if (!node) {
        co_return node.error();
    }
    const auto subscriber = named_subscription(**node, request, *jid);
    if (!subscriber) {
        co_return subscriber.error();
    }
    Subscribed found;
    found.node = *node;
    found.subscriber = *subscriber;
    co_return found;
}

/// §6.2
Task<IqAnswer> answer_unsubscribe(NodeService& service, PubsubRequest request)
{
    auto finding = find_subscription(service, request);
    auto found = co_await finding;
    if (!found) {
        co_return found.error();
    }
    auto locking = found->node->change_mutex().lock();
    const auto lock = co_await locking;
    found->subscriber.state = NodeSubscriptionState::none;
    auto storing = store_subscriber(service, found->node, found->subscriber);
    const auto stored = co_await storing;
    if (!stored) {
        co_return stored.error();
    }
    send_subscription_state(service, *found->node, found->subscriber); // §12.13
    co_return std::nullopt;
}

/// §6.3.2
Task<IqAnswer> answer_get_options(NodeService& service, PubsubRequest request)
{
    auto finding = find_subscription(service, request);
    const auto found = co_await finding;
    if (!found) {
        co_return found.error();
    }
    Element answer("pubsub", ns::pubsub);
    Element& options = answer.add("options");
    options.set_attribute("node", found->node->name()).set_attribute("jid", found->subscriber.jid.text());
    options.set_attribute("subid", found->subscriber.id);
    options.add(options_form(found->subscriber.options).to_element());
    co_return answer;
}

/// §6.3.5
Task<IqAnswer> answer_set_options(NodeService& service, PubsubRequest request)
{
    auto finding = find_subscription(service, request);
    auto found = co_await finding;
    if (!found) {
        co_return found.error();
    }
    auto options = read_options(*request.operation);
    if (!options) {
        co_return options.error();
    }
    auto locking = found->node->change_mutex().lock();
    const auto lock = co_await locking;
    const NodeSubscriber* now = found->node->subscriber(found->subscriber.jid);
    if (now == nullptr) {
        co_return pubsub_error(StanzaError::unexpected_request, StanzaError::Type::modify, "not-subscribed");
    }
    NodeSubscriber changed = *now;
    changed.options = std::move(*options);
    auto storing = store_subscriber(service, found->node, std::move(changed));
    const auto stored = co_await storing;
    if (!stored) {
        co_return stored.error();
    }
    co_return std::nullopt;
}

/// §6.4: the options of a new subscription.
Task<IqAnswer> answer_default_options(NodeService& service, PubsubRequest request)
{
    Element answer("pubsub", ns::pubsub);
    Element& standard = answer.add("default");
    standard.add(options_form({}).to_element());
    const std::string name = request.node();
    if (!name.empty()) {
        auto finding = service.find(name);
        const auto node = co_await finding;
        if (!node) {
            co_return node.error();
        }
        standard.set_attribute("node", name);
    }
    co_return answer;
}

/// §5.6: the sender's own subscriptions, to all nodes or to one.
Task<IqAnswer> answer_subscriptions(NodeService& service, PubsubRequest request)
{
    Element answer("pubsub", ns::pubsub);
    Element list("subscriptions", ns::pubsub);
    const std::string name = request.node();
    if (!name.empty()) {
        auto finding = service.find(name);
        const auto node = co_await finding;
        if (!node) {
            co_return node.error();
        }
        list.set_attribute("node", name);
        for (const NodeSubscriber& each : (*node)->subscriptions_of(request.from())) {
            list.add(to_element(each, name, ns::pubsub));
        }
        answer.add(std::move(list));
        co_return answer;
    }
    auto reading = service.store().involving(service.key(), request.from().bare());
    const auto involved = co_await reading;
    if (!involved) {
        co_return to_stanza_error(involved.error());
    }
    for (const NodeStore::Involvement& each : *involved) {
        for (const NodeSubscriber& subscriber : each.subscriptions) {
            list.add(to_element(subscriber, each.node, ns::pubsub));
        }
    }
    answer.add(std::move(list));
    co_return answer;
}

} // namespace

void send_last_item(NodeService& service, const NodePtr& node, const Jid& subscriber)
{
    // In the next turn: behind the answer to the request.
    service.host().shard().post([&service, held = service.hold(), node, subscriber] {
        start_in_background(read_and_send_last_item(service, held, node, subscriber), service.host().log(),
            "newest item not sent");
    });
}

void attach_subscribing(PubsubRequests& on)
{
    on.set(ns::pubsub, "subscribe", answer_subscribe);
    on.set(ns::pubsub, "unsubscribe", answer_unsubscribe);
    on.get(ns::pubsub, "options", answer_get_options);
    on.set(ns::pubsub, "options", answer_set_options);
    on.get(ns::pubsub, "default", answer_default_options);
    on.get(ns::pubsub, "subscriptions", answer_subscriptions);
}

} // namespace stonechat
