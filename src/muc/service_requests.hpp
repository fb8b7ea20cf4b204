// SPDX-License-Identifier: Apache-2.0
// Requests that a group chat service answers itself: service discovery of the service and its rooms (XEP-0045
// section 6), and pings.
#pragma once

#include "base/task.hpp"
#include "router/handlers.hpp"
#include "router/request_table.hpp"
#include "xmpp/stanza.hpp"

namespace stonechat {

class MucService;

/// Answers a request. The request outlives the task.
using ServiceHandler = Task<IqAnswer> (*)(MucService& service, Iq iq);
using ServiceRequests = RequestTable<ServiceHandler>;

/// Returns the table of what the service answers.
ServiceRequests service_requests();

/// Answers a request to the service's domain.
Task<Done> answer_for_service(MucService& service, Stanza request);

} // namespace stonechat
