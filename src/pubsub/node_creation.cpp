// SPDX-License-Identifier: Apache-2.0
#include "pubsub/node_creation.hpp"

#include "router/host.hpp"
#include "router/store_errors.hpp"

#include <memory>
#include <utility>

namespace stonechat {

NodeRecord new_node_record(const NodeService& service, std::string name, const Jid& creator,
    const NodeConfig& config)
{
    NodeRecord record;
    record.name = std::move(name);
    record.config = to_text(config);
    record.creator = creator.bare();
    record.created = service.host().clock().wall();
    record.item_lifetime = config.item_lifetime;
    if (service.owner().empty()) {
        record.affiliates.push_back({ creator.bare(), NodeAffiliation::owner });
    }
    return record;
}

StanzaError too_many_nodes(const NodeLimits& limits)
{
    return StanzaError(StanzaError::resource_constraint, StanzaError::Type::cancel,
        "There may be " + std::to_string(limits.nodes) + " nodes at most");
}

Task<std::optional<StanzaError>> store_node(NodeService& service, NodeRecord record)
{
    auto node = std::make_shared<Node>(record);
    auto creating = service.store().create(service.key(), std::move(record), service.limits());
    const auto created = co_await creating;
    if (!created) {
        co_return to_stanza_error(created.error());
    }
    switch (*created) {
    case NodeStore::Creation::exists: co_return StanzaError(StanzaError::conflict);
    case NodeStore::Creation::too_many_nodes: co_return too_many_nodes(service.limits());
    case NodeStore::Creation::created: break;
    }
    service.add(std::move(node));
    co_return std::nullopt;
}

} // namespace stonechat
