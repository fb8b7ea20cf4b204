// SPDX-License-Identifier: Apache-2.0
// XEP-0060 sections 8.1 to 8.5: creating, configuring, deleting and purging nodes.
#include "base/random.hpp"
#include "pubsub/events.hpp"
#include "pubsub/node_creation.hpp"
#include "pubsub/node_service.hpp"
#include "pubsub/pubsub_requests.hpp"
#include "router/store_errors.hpp"
#include "xmpp/ns.hpp"

#include <optional>
#include <utility>

namespace stonechat {
namespace {

constexpr std::size_t most_name_bytes = 1023;
constexpr std::size_t random_bytes_of_name = 16;

/// The submitted form in `<configure/>`; nullopt if there is none, or an empty one.
Result<std::optional<DataForm>, StanzaError> form_in(const Element& configure)
{
    const Element* x = configure.child("x", ns::data_forms);
    if (x == nullptr) {
        return std::optional<DataForm>();
    }
    auto form = DataForm::from_element(*x);
    if (!form) {
        return form.error();
    }
    if (form->form_type() != ns::pubsub_node_config && !form->form_type().empty()) {
        return StanzaError(StanzaError::bad_request, "The FORM_TYPE has to be pubsub#node_config");
    }
    return std::optional(std::move(*form));
}

// Creation ----------------------------------------------------------------------------------------

/// The configuration of a node that is created with `<configure/>` beside `<create/>` (§8.1.3).
Result<NodeConfig, StanzaError> wished_config(const NodeService& service, const PubsubRequest& request,
    const std::string& name)
{
    NodeConfig config = service.default_config(name);
    const Element* configure = request.pubsub().child("configure");
    if (configure == nullptr) {
        return config;
    }
    if (configure == request.pubsub().first_child() || configure->has_attribute("node")) {
        return StanzaError(StanzaError::bad_request, "<configure/> follows <create/> and names no node");
    }
    auto form = form_in(*configure);
    if (!form) {
        return form.error();
    }
    if (!*form) {
        return config;
    }
    if ((*form)->value("pubsub#node_type") == "collection") {
        return unsupported("collections");
    }
    return read_node_config(config, **form, service.config_limits(name));
}

/// §8.1
Task<IqAnswer> answer_create(NodeService& service, PubsubRequest request)
{
    const bool is_instant = request.node().empty(); // §8.1.1: the service gives a name
    std::string name = is_instant ? random_id(random_bytes_of_name) : request.node();
    if (name.size() > most_name_bytes) {
        co_return StanzaError(StanzaError::bad_request, "The name of a node may have 1023 bytes at most");
    }
    if (!service.may_create(request.from())) {
        co_return StanzaError(StanzaError::forbidden);
    }
    const auto config = wished_config(service, request, name);
    if (!config) {
        co_return config.error();
    }
    auto locking = service.creation_mutex().lock();
    const auto lock = co_await locking;
    NodeRecord record = new_node_record(service, name, request.from(), *config);
    auto storing = store_node(service, std::move(record));
    auto failed = co_await storing;
    if (failed) {
        co_return std::move(*failed);
    }
    if (!is_instant) {
        co_return std::nullopt;
    }
    Element answer("pubsub", ns::pubsub);
    answer.add("create").set_attribute("node", name);
    co_return answer;
}

// Configuration -----------------------------------------------------------------------------------

/// §8.2.1
Task<IqAnswer> answer_get_config(NodeService& service, PubsubRequest request)
{
    const std::string name = request.node();
    if (name.empty()) {
        co_return pubsub_error(StanzaError::bad_request, "nodeid-required");
    }
    auto finding = service.find_owned(name, request.from());
    const auto node = co_await finding;
    if (!node) {
        co_return node.error();
    }
    Element answer("pubsub", ns::pubsub_owner);
    Element& configure = answer.add("configure");
    configure.set_attribute("node", name);
    configure.add(node_config_form((*node)->config(), service.config_limits(name)).to_element());
    co_return answer;
}

/// Stores a new configuration and tells who is to know. Items over a smaller limit are removed.
Task<std::optional<StanzaError>> apply_config(NodeService& service, NodePtr node, NodeConfig config)
{
    const NodeConfigLimits limits = service.config_limits(node->name());
    NodeStore::Change change;
    change.config = to_text(config);
    change.item_lifetime = config.item_lifetime;
    change.keep_items = kept_items(config, limits.items);
    auto changing = service.store_change(node, std::move(change));
    const auto changed = co_await changing;
    if (!changed) {
        co_return changed.error();
    }
    node->set_config(std::move(config));
    service.changed({ node->name(), {}, *changed, false, true });
    if (!changed->empty() && node->config().notify_retract) {
        send_event(service, node, retracted_event(*node, *changed));
    }
    if (node->config().notify_config) {
        send_event(service, node, configured_event(*node, limits));
    }
    co_return std::nullopt;
}

/// §8.2.4
Task<IqAnswer> answer_set_config(NodeService& service, PubsubRequest request)
{
    const std::string name = request.node();
    if (name.empty()) {
        co_return pubsub_error(StanzaError::bad_request, "nodeid-required");
    }
    const auto form = form_in(*request.operation);
    if (!form) {
        co_return form.error();
    }
    auto finding = service.find_owned(name, request.from());
    const auto node = co_await finding;
    if (!node) {
        co_return node.error();
    }
    if (!form->has_value()) {
        co_return StanzaError(StanzaError::bad_request, "There is no form");
    }
    if ((*form)->type() == DataForm::Type::cancel) {
        co_return std::nullopt;
    }
    auto locking = (*node)->change_mutex().lock();
    const auto lock = co_await locking;
    auto config = read_node_config((*node)->config(), **form, service.config_limits(name));
    if (!config) {
        co_return config.error();
    }
    auto applying = apply_config(service, *node, std::move(*config));
    auto failed = co_await applying;
    if (failed) {
        co_return std::move(*failed);
    }
    co_return std::nullopt;
}

/// §8.3
Task<IqAnswer> answer_default_config(NodeService& service, PubsubRequest)
{
    Element answer("pubsub", ns::pubsub_owner);
    answer.add("default").add(
        node_config_form(service.default_config({}), service.config_limits({})).to_element());
    co_return answer;
}

// Deletion ----------------------------------------------------------------------------------------

/// §8.4
Task<IqAnswer> answer_delete(NodeService& service, PubsubRequest request)
{
    auto finding = service.find_owned(request.node(), request.from());
    const auto node = co_await finding;
    if (!node) {
        co_return node.error();
    }
    auto removing = service.store().remove(service.key(), (*node)->name());
    const auto removed = co_await removing;
    if (!removed) {
        co_return to_stanza_error(removed.error());
    }
    service.forget((*node)->name());
    if (!*removed) {
        co_return StanzaError(StanzaError::item_not_found);
    }
    service.changed({ (*node)->name(), {}, {}, true });
    if ((*node)->config().notify_delete) {
        constexpr bool also_pending = true; // §8.4.2
        send_event(service, *node, deleted_event(**node), also_pending);
    }
    co_return std::nullopt;
}

/// §8.5
Task<IqAnswer> answer_purge(NodeService& service, PubsubRequest request)
{
    auto finding = service.find_owned(request.node(), request.from());
    const auto node = co_await finding;
    if (!node) {
        co_return node.error();
    }
    if (!(*node)->config().persist_items) {
        co_return unsupported("persistent-items");
    }
    const ItemChange change(*node);
    auto purging = service.store().purge(service.key(), (*node)->name());
    const auto purged = co_await purging;
    if (!purged) {
        co_return to_stanza_error(purged.error());
    }
    if (!*purged) {
        service.forget((*node)->name());
        co_return StanzaError(StanzaError::item_not_found);
    }
    service.changed({ (*node)->name(), {}, {}, true });
    if ((*node)->config().notify_retract) {
        send_event(service, *node, purged_event(**node));
    }
    co_return std::nullopt;
}

} // namespace

void attach_node_management(PubsubRequests& on)
{
    on.set(ns::pubsub, "create", answer_create);
    on.get(ns::pubsub_owner, "configure", answer_get_config);
    on.set(ns::pubsub_owner, "configure", answer_set_config);
    on.get(ns::pubsub_owner, "default", answer_default_config);
    on.set(ns::pubsub_owner, "delete", answer_delete);
    on.set(ns::pubsub_owner, "purge", answer_purge);
}

} // namespace stonechat
