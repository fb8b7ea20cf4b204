// SPDX-License-Identifier: Apache-2.0
// How a node comes to be: by request (XEP-0060 section 8.1) or with its first item (section 7.1.4).
#pragma once

#include "base/task.hpp"
#include "pubsub/node_service.hpp"
#include "storage/node_store.hpp"
#include "xmpp/stanza_error.hpp"

#include <optional>
#include <string>

namespace stonechat {

/// Returns the record of a new node that `creator` makes: its owner, unless the service has one.
NodeRecord new_node_record(const NodeService& service, std::string name, const Jid& creator,
    const NodeConfig& config);
/// Stores a node without items and takes it into the service. Returns why that failed: it exists
/// (`conflict`), there are too many, or the store failed. Call with the service's creation mutex locked.
Task<std::optional<StanzaError>> store_node(NodeService& service, NodeRecord record);
/// The error for one node more than the limits allow.
StanzaError too_many_nodes(const NodeLimits& limits);

} // namespace stonechat
