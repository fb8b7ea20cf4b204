// SPDX-License-Identifier: Apache-2.0
// Ad-hoc commands (XEP-0050) at a service or an account with nodes. There is one: an owner asks for the
// subscriptions that wait for approval (XEP-0060 section 8.7).
#pragma once

#include "base/task.hpp"
#include "router/handlers.hpp"
#include "xmpp/element.hpp"

#include <string_view>

namespace stonechat {

class NodeService;

inline constexpr std::string_view get_pending_command = "http://jabber.org/protocol/pubsub#get-pending";

/// Answers an iq with a `<command/>` payload.
Task<IqAnswer> answer_node_command(NodeService& service, Iq iq);

/// Adds the commands to the disco#items of the node of commands.
void list_node_commands(const NodeService& service, Element& query);
/// Fills the disco#info of the command.
void describe_get_pending(Element& query);

} // namespace stonechat
