// SPDX-License-Identifier: Apache-2.0
// Publishing and retracting items (XEP-0060 section 7), for requests and for features of this server.
#pragma once

#include "base/task.hpp"
#include "pubsub/node.hpp"
#include "xmpp/data_form.hpp"
#include "xmpp/stanza_error.hpp"

#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace stonechat {

class NodeService;

/// What a publisher wants to publish.
struct Publication {
    std::string node;
    std::optional<NodeItem> item;
    std::string payload_ns;          ///< of the item's payload, if it has one
    std::optional<DataForm> options; ///< preconditions (§7.1.5)
    /// Instead of the usual one, if the node is created; only without `options`.
    std::optional<NodeConfig::Access> access_of_new_node = std::nullopt;
};

/// Publishes for `from`, to a node that is made if it does not exist. Answers when the item is committed and
/// the events are on their way. Returns why it failed.
Task<std::optional<StanzaError>> publish(NodeService& service, Jid from, Publication publication);

/// Publishes several items for the owner `from`: stores all of them or none, then sends an event for each.
Task<std::optional<StanzaError>> publish_all(NodeService& service, Jid from, std::string node,
    std::vector<NodeItem> items);

/// Removes items of a node. Returns the ids of those that existed. `notify`: the request asks for an event
/// (§7.2.2.1).
Task<Result<std::vector<std::string>, StanzaError>> retract(NodeService& service, NodePtr node,
    std::vector<std::string> ids, bool notify);

/// Sends the events for items that were removed because their time was over.
Task<Done> tell_expired(NodeService& service, std::shared_ptr<const void> held, std::string node,
    std::vector<std::string> ids);

} // namespace stonechat
