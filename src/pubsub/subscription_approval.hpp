// SPDX-License-Identifier: Apache-2.0
// XEP-0060 section 8.6: a subscription that waits for an owner: the request that owners get, and their
// answers.
#pragma once

#include "base/task.hpp"
#include "pubsub/node.hpp"
#include "router/settlement.hpp"
#include "xmpp/data_form.hpp"
#include "xmpp/stanza.hpp"

#include <optional>

namespace stonechat {

class NodeService;

/// Sends the form for a pending subscription to the owners of the node.
void ask_for_approval(NodeService& service, const Node& node, const NodeSubscriber& subscriber);
/// Sends it to one address of an owner.
void send_approval_form(NodeService& service, const Node& node, const NodeSubscriber& subscriber,
    const Jid& owner);

/// Reads the form that an owner submitted in a message; nullopt if the message is none.
std::optional<DataForm> approval_of(const Element& message);
/// Approves or denies, if `from` owns the node. A form that fits nothing is ignored: a message is not
/// answered. It is settled when the decision is stored.
Task<Done> take_approval(NodeService& service, Jid from, DataForm form, Settlement settlement);

} // namespace stonechat
