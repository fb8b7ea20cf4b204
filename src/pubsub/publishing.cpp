// SPDX-License-Identifier: Apache-2.0
#include "pubsub/publishing.hpp"

#include "pubsub/events.hpp"
#include "pubsub/node_creation.hpp"
#include "pubsub/node_service.hpp"
#include "router/data_view.hpp"
#include "router/store_errors.hpp"
#include "xmpp/ns.hpp"
#include "xmpp/stream_parser.hpp"

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

std::optional<StanzaError> too_big(const NodeConfig& config, const NodeItem& item, std::size_t most_bytes)
{
    const std::size_t most = config.max_payload == 0 ? most_bytes : std::min(config.max_payload, most_bytes);
    if (item.payload.size() > most) {
        return StanzaError(StanzaError::not_acceptable,
            "The payload may have " + std::to_string(most) + " bytes at most")
            .with(Element("payload-too-big", ns::pubsub_errors));
    }
    return {};
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
    return too_big(config, *item, most_bytes);
}

StanzaError limit_reached(NodeStore::Published::Outcome outcome, const NodeLimits& limits)
{
    if (outcome == NodeStore::Published::Outcome::too_many_nodes) {
        return too_many_nodes(limits);
    }
    return StanzaError(StanzaError::resource_constraint, StanzaError::Type::cancel,
        "The items of all nodes together may have " + std::to_string(limits.bytes) + " bytes at most");
}

std::vector<NodeItem> only(NodeItem item)
{
    std::vector<NodeItem> items;
    items.push_back(std::move(item));
    return items;
}

/// Stores items, all or none, and answers when they are committed; then tells who is to know. `created` is
/// set if the node does not exist yet: it and its first items are made together.
Task<Failure> store_items(NodeService& service, NodePtr node, std::vector<NodeItem> items,
    std::optional<NodeRecord> created)
{
    const NodeConfigLimits limits = service.config_limits(node->name());
    NodeStore::Publication write;
    write.node = node->name();
    write.create = std::move(created);
    write.keep_items = kept_items(node->config(), limits.items);
    write.limits = service.limits();
    write.items = items;
    std::vector<std::string> trimmed;
    if (node->config().persist_items) {
        const ItemChange change(node);
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
    for (const NodeItem& item : items) {
        send_event(service, node, published_event(*node, { item }));
    }
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
        const NodeConfig defaults = service.default_config(node->name());
        if (const auto unmet = unmet_precondition(config, defaults, *publication.options, limits)) {
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
    auto storing = store_items(service, node, only(std::move(*publication.item)), std::nullopt);
    auto failed = co_await storing;
    co_return failed;
}

/// The configuration of a node that is made for its first item: the usual one, but for what the publisher
/// wants.
Result<NodeConfig, StanzaError> config_for(const NodeService& service, const Publication& publication)
{
    NodeConfig config = service.default_config(publication.node);
    if (!publication.options) {
        config.access = publication.access_of_new_node.value_or(config.access);
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
    auto storing = store_items(service, node, only(std::move(*publication.item)), std::move(record));
    auto failed = co_await storing;
    if (!failed) {
        service.add(node);
    }
    co_return failed;
}

/// The node is a view: what is published to it changes what it shows. It has no configuration of its own, so
/// the options are checked as for a new node.
Task<Failure> publish_to_view(NodeService& service, DataView& view, Jid from, Publication publication)
{
    const NodeConfig config = service.default_config(publication.node);
    if (publication.options) {
        const NodeConfigLimits limits = service.config_limits(publication.node);
        if (const auto impossible = impossible_precondition(config, *publication.options, limits)) {
            co_return precondition_not_met(*impossible);
        }
    }
    if (auto wrong = misfit(config, publication, service.max_item_bytes())) {
        co_return std::move(*wrong);
    }
    auto content = parse_element(publication.item->payload);
    if (!content) {
        co_return pubsub_error(StanzaError::bad_request, "invalid-payload");
    }
    auto writing = view.write(service.account(), from, std::move(*content));
    auto failed = co_await writing;
    co_return failed;
}

/// Publishes several items to a node that exists.
Task<Failure> publish_all_to(NodeService& service, NodePtr node, std::vector<NodeItem> items,
    std::optional<NodeRecord> created)
{
    for (const NodeItem& item : items) {
        if (auto wrong = too_big(node->config(), item, service.max_item_bytes())) {
            co_return std::move(*wrong);
        }
    }
    auto storing = store_items(service, node, std::move(items), std::move(created));
    auto failed = co_await storing;
    co_return failed;
}

} // namespace

Task<std::optional<StanzaError>> publish_all(NodeService& service, Jid from, std::string name,
    std::vector<NodeItem> items)
{
    auto locking = service.creation_mutex().lock();
    const auto lock = co_await locking;
    auto finding = service.find(name);
    const auto found = co_await finding;
    if (!found && found.error().condition() != StanzaError::item_not_found) {
        co_return found.error();
    }
    if (found) {
        auto publishing = publish_all_to(service, *found, std::move(items), std::nullopt);
        auto failed = co_await publishing;
        co_return failed;
    }
    NodeRecord record = new_node_record(service, name, from, service.default_config(name));
    auto node = std::make_shared<Node>(record);
    auto publishing = publish_all_to(service, node, std::move(items), std::move(record));
    auto failed = co_await publishing;
    if (!failed) {
        service.add(node);
    }
    co_return failed;
}

Task<std::optional<StanzaError>> publish(NodeService& service, Jid from, Publication publication)
{
    if (DataView* view = service.view(publication.node, from)) {
        auto showing = publish_to_view(service, *view, from, std::move(publication));
        auto refused = co_await showing;
        co_return refused;
    }
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
    const ItemChange change(node);
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

Task<Done> tell_expired(NodeService& service, std::shared_ptr<const void>, std::string node,
    std::vector<std::string> ids)
{
    auto finding = service.find(node);
    const auto found = co_await finding;
    if (!found) {
        co_return Done();
    }
    (*found)->renew_version();
    service.changed({ node, {}, ids });
    if ((*found)->config().notify_retract) {
        send_event(service, *found, retracted_event(**found, ids));
    }
    co_return Done();
}

} // namespace stonechat
