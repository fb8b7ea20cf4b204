// SPDX-License-Identifier: Apache-2.0
#include "pubsub/publishing.hpp"

#include "pubsub/events.hpp"
#include "pubsub/node_creation.hpp"
#include "pubsub/node_service.hpp"
#include "router/store_errors.hpp"
#include "xmpp/ns.hpp"

#include <algorithm>
#include <utility>

namespace stonechat {
namespace {

using Failure = std::optional<StanzaError>; ///< nullopt: it worked

StanzaError precondition_not_met(const std::string& field)
{
    return StanzaError(StanzaError::conflict, "The node does not have this value of " + field)
        .with(Element("precondition-not-met", ns::pubsub_errors));
}

/// §7.1.3.6: whether the item fits the kind of events that the node has.
std::optional<StanzaError> misfit(const NodeConfig& config, const Publication& publication,
    std::size_t most_bytes)
{
    const std::optional<NodeItem>& item = publication.item;
    if (!item) {
        if (config.persist_items || config.deliver_payloads) {
            return pubsub_error(StanzaError::bad_request, "item-required");
        }
        return {};
    }
    if (!config.persist_items && !config.deliver_payloads) {
        return pubsub_error(StanzaError::bad_request, "item-forbidden");
    }
    if (item->payload.empty() && config.deliver_payloads) {
        return pubsub_error(StanzaError::bad_request, "payload-required");
    }
    if (!item->payload.empty() && !config.payload_type.empty()
        && config.payload_type != publication.payload_ns) {
        return pubsub_error(StanzaError::bad_request, "invalid-payload");
    }
    const std::size_t most = config.max_payload == 0 ? most_bytes : std::min(config.max_payload, most_bytes);
    if (item->payload.size() > most) {
        return StanzaError(StanzaError::not_acceptable,
            "The payload may have " + std::to_string(most) + " bytes at most")
            .with(Element("payload-too-big", ns::pubsub_errors));
    }
    return {};
}

StanzaError limit_reached(NodeStore::Published::Outcome outcome, const NodeLimits& limits)
{
    if (outcome == NodeStore::Published::Outcome::too_many_nodes) {
        return too_many_nodes(limits);
    }
    return StanzaError(StanzaError::resource_constraint, StanzaError::Type::cancel,
        "The items of all nodes together may have " + std::to_string(limits.bytes) + " bytes at most");
}

/// Stores an item and answers when it is committed; then tells who is to know. `created` is set if the node
/// does not exist yet: it and its first item are made together.
Task<Failure> store_item(NodeService& service, NodePtr node, NodeItem item, std::optional<NodeRecord> created)
{
    const NodeConfigLimits limits = service.config_limits(node->name());
    NodeStore::Publication write;
    write.node = node->name();
    write.create = std::move(created);
    write.keep_items = kept_items(node->config(), limits.items);
    write.limits = service.limits();
    write.items.push_back(item);
    std::vector<std::string> trimmed;
    if (node->config().persist_items) {
        auto publishing = service.store().publish(service.key(), std::move(write));
        const auto published = co_await publishing;
        if (!published) {
            co_return to_stanza_error(published.error());
        }
        if (published->outcome == NodeStore::Published::Outcome::no_node) {
            service.forget(node->name());
            co_return StanzaError(StanzaError::item_not_found);
        }
        if (published->outcome != NodeStore::Published::Outcome::published) {
            co_return limit_reached(published->outcome, service.limits());
        }
        trimmed = published->trimmed;
    }
    std::vector<NodeItem> items;
    items.push_back(std::move(item));
    send_event(service, node, published_event(*node, items));
    service.changed({ node->name(), std::move(items), trimmed });
    // §7.1.2.5. In a node of one item, the new one says that the old one is gone.
    if (!trimmed.empty() && node->config().notify_retract && node->config().max_items > 1) {
        send_event(service, node, retracted_event(*node, trimmed));
    }
    co_return std::nullopt;
}

/// Publishes to a node that exists.
Task<Failure> publish_to(NodeService& service, NodePtr node, Jid from, Publication publication)
{
    const NodeConfig& config = node->config();
    if (!may_publish(config, service.relation(*node, from))) {
        co_return StanzaError(StanzaError::forbidden);
    }
    if (publication.options) {
        const NodeConfigLimits limits = service.config_limits(node->name());
        if (const auto unmet = unmet_precondition(config, *publication.options, limits)) {
            co_return precondition_not_met(*unmet);
        }
    }
    if (auto wrong = misfit(config, publication, service.max_item_bytes())) {
        co_return std::move(*wrong);
    }
    if (!publication.item) {
        send_event(service, node, published_event(*node, {}));
        co_return std::nullopt;
    }
    auto storing = store_item(service, node, *publication.item, std::nullopt);
    auto failed = co_await storing;
    co_return failed;
}

/// The configuration of a node that is made for its first item: the usual one, but for what the publisher
/// wants.
Result<NodeConfig, StanzaError> config_for(const NodeService& service, const Publication& publication)
{
    NodeConfig config = service.default_config(publication.node);
    if (!publication.options) {
        return config;
    }
    const NodeConfigLimits limits = service.config_limits(publication.node);
    if (const auto impossible = impossible_precondition(config, *publication.options, limits)) {
        return precondition_not_met(*impossible);
    }
    return read_node_config(config, *publication.options, limits);
}

/// §7.1.4: creates the node together with its first item.
Task<Failure> publish_first(NodeService& service, Jid from, Publication publication)
{
    const auto config = config_for(service, publication);
    if (!config) {
        co_return config.error();
    }
    if (auto wrong = misfit(*config, publication, service.max_item_bytes())) {
        co_return std::move(*wrong);
    }
    NodeRecord record = new_node_record(service, publication.node, from, *config);
    if (!publication.item || !config->persist_items) {
        auto node = std::make_shared<Node>(record);
        auto creating = store_node(service, std::move(record));
        auto failed = co_await creating;
        if (failed) {
            co_return failed;
        }
        auto publishing = publish_to(service, node, from, std::move(publication));
        failed = co_await publishing;
        co_return failed;
    }
    auto node = std::make_shared<Node>(record);
    auto storing = store_item(service, node, *publication.item, std::move(record));
    auto failed = co_await storing;
    if (!failed) {
        service.add(node);
    }
    co_return failed;
}

} // namespace

Task<std::optional<StanzaError>> publish(NodeService& service, Jid from, Publication publication)
{
    auto finding = service.find(publication.node);
    auto found = co_await finding;
    if (!found && found.error().condition() != StanzaError::item_not_found) {
        co_return found.error();
    }
    if (!found) {
        if (!service.may_create(from)) {
            co_return StanzaError(StanzaError::forbidden);
        }
        // Two clients may create the node at the same time: the second finds it made.
        auto locking = service.creation_mutex().lock();
        const auto lock = co_await locking;
        auto again = service.find(publication.node);
        found = co_await again;
        if (!found) {
            auto creating = publish_first(service, from, std::move(publication));
            auto failed = co_await creating;
            co_return failed;
        }
    }
    auto publishing = publish_to(service, *found, from, std::move(publication));
    auto failed = co_await publishing;
    co_return failed;
}

Task<Result<std::vector<std::string>, StanzaError>> retract(NodeService& service, NodePtr node,
    std::vector<std::string> ids, bool notify)
{
    auto retracting = service.store().retract(service.key(), node->name(), std::move(ids));
    const auto retracted = co_await retracting;
    if (!retracted) {
        co_return to_stanza_error(retracted.error());
    }
    if (!retracted->has_value()) {
        service.forget(node->name());
        co_return StanzaError(StanzaError::item_not_found);
    }
    const std::vector<std::string>& gone = **retracted;
    if (!gone.empty() && (notify || node->config().notify_retract)) {
        send_event(service, node, retracted_event(*node, gone));
    }
    if (!gone.empty()) {
        service.changed({ node->name(), {}, gone });
    }
    co_return gone;
}

} // namespace stonechat
