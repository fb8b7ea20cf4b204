// SPDX-License-Identifier: Apache-2.0
#include "pubsub/events.hpp"

#include "base/background.hpp"
#include "pubsub/bounces.hpp"
#include "pubsub/node_service.hpp"
#include "router/capabilities.hpp"
#include "router/host.hpp"
#include "router/router.hpp"
#include "xmpp/delay.hpp"
#include "xmpp/ns.hpp"
#include "xmpp/serialize.hpp"
#include "xmpp/stream_parser.hpp"

#include <algorithm>
#include <map>
#include <memory>
#include <utility>

namespace stonechat {
namespace {

Stanza event_message(const Jid& service, const NodeConfig& config, const Jid& to, Element event,
    std::string_view id)
{
    const bool headline = config.notification_type == NodeConfig::MessageKind::headline;
    Stanza message = Stanza::message(service, to, headline ? MessageType::headline : MessageType::normal);
    if (!id.empty()) {
        message.element().set_attribute("id", id);
    }
    message.element().add(Element("event", ns::pubsub_event).with(std::move(event)));
    return message;
}

/// Whether the element declares its namespace, so that it means the same wherever it stands.
bool declares_namespace(std::string_view xml)
{
    const std::size_t end = xml.find_first_of(" />");
    return end != std::string_view::npos && xml.substr(end).starts_with(" xmlns='");
}

/// Nearly every payload goes out as it is in the store.
void add_payload(Element& item, const std::string& payload)
{
    if (declares_namespace(payload)) {
        item.add_serialised(std::make_shared<const std::string>(payload));
    } else if (auto element = parse_element(payload)) {
        item.add(std::move(*element));
    }
}

Element event_of(std::string_view node, std::string_view name)
{
    return Element(name, ns::pubsub_event).with_attribute("node", node);
}

Element items_event(std::string_view node, const NodeConfig& config, const std::vector<NodeItem>& items)
{
    Element event = event_of(node, "items");
    for (const NodeItem& item : items) {
        event.add(to_element(item, config, ns::pubsub_event, config.deliver_payloads));
    }
    return event;
}

/// Stores the states of these subscriptions, and tells the subscribers; but those who are blocked hear
/// nothing.
Task<Done> store_states(NodeService& service, std::shared_ptr<const void>, NodePtr node,
    std::vector<NodeSubscriber> subscribers)
{
    NodeStore::Change change;
    change.subscribers = subscribers;
    auto changing = service.store_change(node, std::move(change));
    const auto changed = co_await changing;
    if (changed) {
        for (const NodeSubscriber& each : subscribers) {
            if (!service.is_blocked(each.jid)) {
                send_subscription_state(service, *node, each);
            }
        }
    }
    co_return Done();
}

/// Collects targets, one for each account. Begins with those that are not subscribed.
class Targets {
public:
    explicit Targets(std::vector<NotificationTarget> unsubscribed) : targets_(std::move(unsubscribed)) {}

    NotificationTarget& of(const Jid& account)
    {
        if (places_.empty()) { // most nodes of accounts have no subscribers
            for (std::size_t place = 0; place < targets_.size(); ++place) {
                places_.emplace(targets_[place].account.text(), place);
            }
        }
        const auto [place, added] = places_.try_emplace(std::string(account.bare_text()), targets_.size());
        if (added) {
            targets_.push_back({ account.bare() });
        }
        return targets_[place->second];
    }
    std::vector<NotificationTarget> take() { return std::move(targets_); }

private:
    std::map<std::string, std::size_t, std::less<>> places_;
    std::vector<NotificationTarget> targets_;
};

bool wants_events(const NodeSubscriber& subscriber)
{
    return subscriber.state == NodeSubscriptionState::subscribed && subscriber.options != no_events;
}

/// Adds the subscribers who get an event. Returns those who may not read the node any more.
std::vector<NodeSubscriber> add_subscribers(const NodeService& service, const Node& node, bool also_pending,
    Targets& targets)
{
    std::vector<NodeSubscriber> refused;
    for (const auto& [jid, subscriber] : node.subscribers()) {
        const bool is_pending = subscriber.state == NodeSubscriptionState::pending;
        if (!is_pending
            && (service.is_blocked(jid) || reading_refused(node.config(), service.relation(node, jid)))) {
            refused.push_back(subscriber);
            continue;
        }
        if (is_pending ? !also_pending : !wants_events(subscriber)) {
            continue;
        }
        NotificationTarget& target = targets.of(jid);
        if (jid.has_resource()) {
            target.resources.emplace_back(jid.resource());
        } else {
            target.subscribed = true;
        }
    }
    return refused;
}

} // namespace

Element to_element(const NodeItem& item, const NodeConfig& config, std::string_view ns, bool with_payload)
{
    Element element("item", Namespace(ns));
    element.set_attribute("id", item.id);
    if (config.reply == NodeConfig::Reply::publisher && !item.publisher.empty()) {
        element.set_attribute("publisher", item.publisher.text());
    }
    if (with_payload && !item.payload.empty()) {
        add_payload(element, item.payload);
    }
    return element;
}

Element published_event(const Node& node, const std::vector<NodeItem>& items)
{
    return items_event(node.name(), node.config(), items);
}

Element retracted_event(const Node& node, const std::vector<std::string>& ids)
{
    Element event = event_of(node.name(), "items");
    for (const std::string& id : ids) {
        event.add("retract").set_attribute("id", id);
    }
    return event;
}

Element purged_event(const Node& node)
{
    return event_of(node.name(), "purge");
}

Element deleted_event(const Node& node)
{
    return event_of(node.name(), "delete");
}

Element configured_event(const Node& node, const NodeConfigLimits& limits)
{
    Element event = event_of(node.name(), "configuration");
    if (node.config().deliver_payloads) {
        DataForm form(DataForm::Type::result, ns::pubsub_node_config);
        const DataForm all = node_config_form(node.config(), limits);
        for (const DataForm::Field& field : all.fields()) {
            if (field.var != "FORM_TYPE") {
                form.add(field);
            }
        }
        event.add(form.to_element());
    }
    return event;
}

void send_event(NodeService& service, const NodePtr& node, Element event, bool also_pending)
{
    if (!node->config().notify) {
        return;
    }
    Targets targets(service.unsubscribed_receivers(*node));
    std::vector<NodeSubscriber> ended = add_subscribers(service, *node, also_pending, targets);
    Notification notification { nullptr, interest_in(node->name()), targets.take() };
    if (!notification.targets.empty()) {
        notification.event = std::make_shared<const Stanza>(event_message(service.address(), node->config(),
            service.address(), std::move(event), new_event_id(service, node->name())));
        service.host().router().notify(std::move(notification));
    }
    end_subscriptions(service, node, std::move(ended));
}

namespace {

void set_states(NodeService& service, const NodePtr& node, std::vector<NodeSubscriber> subscribers)
{
    for (const NodeSubscriber& each : subscribers) {
        node->put(each);
    }
    if (!subscribers.empty()) {
        start_in_background(store_states(service, service.hold(), node, std::move(subscribers)),
            service.host().log(), "subscriptions to a node not changed");
    }
}

} // namespace

void end_subscriptions(NodeService& service, const NodePtr& node, std::vector<NodeSubscriber> ended)
{
    for (NodeSubscriber& each : ended) {
        each.state = NodeSubscriptionState::none;
    }
    set_states(service, node, std::move(ended));
}

void approve_subscriptions(NodeService& service, const NodePtr& node, std::vector<NodeSubscriber> pending)
{
    std::erase_if(pending,
        [](const NodeSubscriber& each) { return each.state != NodeSubscriptionState::pending; });
    for (NodeSubscriber& each : pending) {
        each.state = NodeSubscriptionState::subscribed;
    }
    set_states(service, node, std::move(pending));
}

Task<Done> review_contact(NodeService& service, std::shared_ptr<const void>, Jid contact)
{
    auto reading = service.store().involving(service.key(), contact);
    const auto involved = co_await reading;
    if (!involved) {
        co_return Done();
    }
    for (const NodeStore::Involvement& each : *involved) {
        auto finding = service.find(each.node);
        const auto node = co_await finding;
        if (!node) {
            continue;
        }
        const NodeConfig& config = (*node)->config();
        const bool is_for_contacts = config.access == NodeConfig::Access::presence
            || config.access == NodeConfig::Access::roster;
        if (is_for_contacts && reading_refused(config, service.relation(**node, contact))) {
            end_subscriptions(service, *node, (*node)->subscriptions_of(contact));
        }
    }
    co_return Done();
}

Stanza last_item_message(const Jid& service, std::string_view node, const NodeConfig& config,
    const NodeItem& item, const Jid& to, std::string_view id)
{
    const std::vector<NodeItem> items { item };
    Stanza message = event_message(service, config, to, items_event(node, config, items), id);
    const Delay delay { item.modified, service, {} };
    message.element().add(delay.to_element());
    return message;
}

Element archived_event(const Jid& service, const Node& node, const NodeItem& item)
{
    const std::vector<NodeItem> items { item };
    Stanza message = event_message(service, node.config(), Jid(), published_event(node, items), {});
    return std::move(message.element());
}

void send_subscription_state(NodeService& service, const Node& node, const NodeSubscriber& subscriber)
{
    Element event = to_element(subscriber, node.name(), ns::pubsub_event);
    service.host().router().route(event_message(service.address(), node.config(), subscriber.jid,
        std::move(event), new_event_id(service, node.name())));
}

Element to_element(const NodeSubscriber& subscriber, std::string_view node, std::string_view ns)
{
    Element element("subscription", Namespace(ns));
    element.set_attribute("node", node).set_attribute("jid", subscriber.jid.text());
    if (!subscriber.id.empty() && subscriber.state != NodeSubscriptionState::none) {
        element.set_attribute("subid", subscriber.id);
    }
    element.set_attribute("subscription", to_text(subscriber.state));
    return element;
}

std::string interest_in(std::string_view node)
{
    return std::string(node) + std::string(Capabilities::notify_suffix);
}

} // namespace stonechat
