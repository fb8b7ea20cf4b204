// SPDX-License-Identifier: Apache-2.0
// Events of nodes (XEP-0060 section 7.1.2 and others): the messages, and who gets them. Who may not read a
// node any more gets no event, and its subscription ends (XEP-0163 section 4.5).
#pragma once

#include "base/task.hpp"
#include "pubsub/node.hpp"
#include "storage/node_store.hpp"
#include "xmpp/element.hpp"
#include "xmpp/stanza.hpp"

#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace stonechat {

class NodeService;

/// The stored options of a subscription that gets no events (§6.3); empty for one that does.
inline constexpr std::string_view no_events = "0";

/// Returns `<item/>` as it is shown to readers of a node with this configuration; `ns` is that of its parent.
Element to_element(const NodeItem& item, const NodeConfig& config, std::string_view ns, bool with_payload);

/// `<items node='…'>` of an event for items that were published.
Element published_event(const Node& node, const std::vector<NodeItem>& items);
Element retracted_event(const Node& node, const std::vector<std::string>& ids);
Element purged_event(const Node& node);
Element deleted_event(const Node& node);
/// With the new configuration if payloads are delivered (§8.2.5).
Element configured_event(const Node& node, const NodeConfigLimits& limits);

/// Sends `event` (a child of `<event/>`) to all who are to get it; those whose subscription is pending get an
/// event only with `also_pending`. Ends subscriptions of those who may not read the node any more.
void send_event(NodeService& service, const NodePtr& node, Element event, bool also_pending = false);
/// Ends these subscriptions, in the store too, and tells the former subscribers.
void end_subscriptions(NodeService& service, const NodePtr& node, std::vector<NodeSubscriber> ended);
/// Approves those of them that are pending, likewise.
void approve_subscriptions(NodeService& service, const NodePtr& node, std::vector<NodeSubscriber> pending);
/// Ends the subscriptions of `contact` (bare) to nodes for contacts that it may not read any more (XEP-0163
/// §7.1).
Task<Done> review_contact(NodeService& service, std::shared_ptr<const void> held, Jid contact);

/// The message with the newest item, for who just subscribed or came online. Carries the time of the item.
Stanza last_item_message(const Jid& service, std::string_view node, const NodeConfig& config,
    const NodeItem& item, const Jid& to, std::string_view id);
/// The message with an item as the archive of its node shows it (XEP-0442 §3): to nobody in particular.
Element archived_event(const Jid& service, const Node& node, const NodeItem& item);
/// Sends the newest item to a new subscriber, behind the answer to its request (§6.1.7), if the node does
/// that.
void send_last_item(NodeService& service, const NodePtr& node, const Jid& subscriber);
/// Tells a subscriber about the state of its subscription (§8.8.4, §12.16).
void send_subscription_state(NodeService& service, const Node& node, const NodeSubscriber& subscriber);

/// `<subscription/>` as in answers and events.
Element to_element(const NodeSubscriber& subscriber, std::string_view node, std::string_view ns);

/// What an interested client announces in its capabilities (XEP-0163 §4.2).
std::string interest_in(std::string_view node);

} // namespace stonechat
