// SPDX-License-Identifier: Apache-2.0
// XEP-0442: queries of a node's archive by the protocol of XEP-0313. The archive of a node is the items that
// it keeps, in the order of their last publication; each is shown as the event that subscribers got.
#pragma once

#include "base/task.hpp"
#include "router/handlers.hpp"

namespace stonechat {

class NodeService;

/// Answers a request in the namespace of archives that names a node. Sends the results ahead of the answer:
/// to `session` if it is the session of the service's own account that asks, else to the sender's address.
Task<IqAnswer> answer_node_archive(NodeService& service, Iq iq, Session* session);

} // namespace stonechat
