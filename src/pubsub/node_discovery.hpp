// SPDX-License-Identifier: Apache-2.0
// Service discovery of nodes (XEP-0060 sections 5.2 to 5.5): the list of nodes, what a node is, and its
// items. Nodes that somebody may not read are not listed for them.
#pragma once

#include "base/task.hpp"
#include "router/handlers.hpp"
#include "xmpp/element.hpp"

#include <array>
#include <string_view>
#include <vector>

namespace stonechat {

class NodeService;

/// The features of XEP-0060 that accounts and the service have (§10).
std::vector<std::string_view> pubsub_features();

/// Adds the nodes that the sender may read to the disco#items in `query`, page by page (XEP-0059).
Task<Result<Done, StanzaError>> add_nodes(NodeService& service, Iq iq, Element& query);
/// Answers disco#info of a node, with its meta-data (§5.3, 5.4).
Task<Result<Done, StanzaError>> add_node_info(NodeService& service, Iq iq, Element& query);
/// Answers disco#items of a node: the ids of its items (§5.5).
Task<Result<Done, StanzaError>> add_node_items(NodeService& service, Iq iq, Element& query);

} // namespace stonechat
