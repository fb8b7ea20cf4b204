// SPDX-License-Identifier: Apache-2.0
// The requests of XEP-0060: `<pubsub/>` with the element that names the operation. Each part of the protocol
// is in a file of its own and registers here what it answers. Filled at start, immutable afterwards; used by
// accounts and by the service alike.
#pragma once

#include "base/task.hpp"
#include "router/handlers.hpp"
#include "router/request_table.hpp"
#include "xmpp/stanza.hpp"

#include <string>
#include <string_view>

namespace stonechat {

class NodeService;

/// A request. Valid as long as the iq that it refers to: until its handler has answered.
struct PubsubRequest {
    Iq iq;
    const Element* operation; ///< the child of `<pubsub/>` that names the operation: `<publish/>` …

    const Element& pubsub() const { return iq.payload(); }
    const Jid& from() const { return iq.from(); }
    /// The name of the node, or empty.
    std::string node() const { return std::string(operation->attribute_or("node")); }
};

/// Answers a request. The service outlives the task.
using PubsubHandler = Task<IqAnswer> (*)(NodeService& service, PubsubRequest request);

class PubsubRequests {
public:
    PubsubRequests();

    /// Registers who answers `operation` in `<pubsub xmlns='ns'/>`.
    void get(std::string_view ns, std::string_view operation, PubsubHandler handler);
    void set(std::string_view ns, std::string_view operation, PubsubHandler handler);

    /// Answers an iq with a `<pubsub/>` payload for `service`.
    Task<IqAnswer> answer(NodeService& service, Iq iq) const;

private:
    struct Found {
        PubsubHandler handler = nullptr;
        const Element* operation = nullptr;
    };
    Found find(const Iq& iq) const;

    RequestTable<PubsubHandler> table_;
};

// The parts of the protocol.
void attach_publishing(PubsubRequests& on);     ///< publish, retract (§7)
void attach_item_retrieval(PubsubRequests& on); ///< items (§6.5)
void attach_subscribing(
    PubsubRequests& on); ///< subscribe, unsubscribe, options, subscriptions (§6.1–6.4, 5.6)
void attach_node_management(PubsubRequests& on); ///< create, configure, default, delete, purge (§8.1–8.5)
void attach_affiliations(PubsubRequests& on);    ///< affiliations (§5.7, 8.9)
void attach_subscribers(PubsubRequests& on);     ///< subscriptions of an owner's node (§8.8)

} // namespace stonechat
