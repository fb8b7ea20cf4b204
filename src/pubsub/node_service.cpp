// SPDX-License-Identifier: Apache-2.0
#include "pubsub/node_service.hpp"

#include "pubsub/node_profiles.hpp"
#include "router/host.hpp"
#include "router/store_errors.hpp"
#include "storage/storage.hpp"

#include <utility>

namespace stonechat {
namespace {

std::size_t number(const Section& section, std::string_view key)
{
    return static_cast<std::size_t>(section.integer(key));
}

} // namespace

NodeService::NodeService(Host& host, Jid address) : host_(host), address_(std::move(address)) {}

AccountKey NodeService::key() const
{
    return { std::string(address_.domain()), std::string(address_.local()) };
}

NodeStore& NodeService::store() const
{
    return host_.storage().nodes();
}

NodeConfigLimits NodeService::config_limits(std::string_view node) const
{
    NodeConfigLimits limits;
    limits.items = most_items_of(node, number(settings(), "max_items"));
    limits.payload = max_item_bytes();
    limits.has_contacts = has_contacts();
    limits.is_private = is_private(node);
    return limits;
}

NodeLimits NodeService::limits() const
{
    return { number(settings(), "max_nodes"), number(settings(), "max_bytes") };
}

std::size_t NodeService::max_subscribers() const
{
    return number(settings(), "max_subscribers");
}

std::size_t NodeService::max_item_bytes() const
{
    return number(settings(), "max_item_bytes");
}

std::size_t NodeService::max_page() const
{
    return number(settings(), "max_page");
}

Task<Result<NodePtr, StanzaError>> NodeService::find(std::string name)
{
    const auto known = nodes_.find(name);
    if (known != nodes_.end()) {
        co_return known->second;
    }
    auto loading = store().find(key(), name);
    const auto loaded = co_await loading;
    if (!loaded) {
        co_return to_stanza_error(loaded.error());
    }
    const auto meanwhile = nodes_.find(name);
    if (meanwhile != nodes_.end()) {
        co_return meanwhile->second;
    }
    if (!loaded->has_value()) {
        co_return StanzaError(StanzaError::item_not_found);
    }
    auto node = std::make_shared<Node>(**loaded);
    node->set_config(as_allowed(node->config(), config_limits(name)));
    add(node);
    co_return node;
}

Task<Result<NodePtr, StanzaError>> NodeService::find_owned(std::string name, Jid who)
{
    auto finding = find(std::move(name));
    auto found = co_await finding;
    if (found && relation(**found, who).affiliation != NodeAffiliation::owner) {
        co_return StanzaError(StanzaError::forbidden);
    }
    co_return found;
}

Task<Result<std::vector<std::string>, StanzaError>> NodeService::store_change(NodePtr node,
    NodeStore::Change change)
{
    const ItemChange change_of_items(node); // a new configuration may remove some
    auto changing = store().change(key(), node->name(), std::move(change));
    auto changed = co_await changing;
    if (!changed) {
        co_return to_stanza_error(changed.error());
    }
    if (!changed->has_value()) {
        forget(node->name());
        co_return StanzaError(StanzaError::item_not_found);
    }
    co_return std::move(**changed);
}

void NodeService::add(NodePtr node)
{
    std::string name = node->name();
    nodes_.try_emplace(std::move(name), std::move(node));
}

void NodeService::forget(std::string_view name)
{
    const auto found = nodes_.find(name);
    if (found != nodes_.end()) {
        nodes_.erase(found);
    }
}

void NodeService::drop(const Jid& account)
{
    for (const auto& [name, node] : nodes_) {
        node->forget(account);
    }
}

void NodeService::drop_idle()
{
    boost::unordered::erase_if(nodes_, [](const auto& entry) { return entry.second.use_count() == 1; });
}

} // namespace stonechat
