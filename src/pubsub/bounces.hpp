// SPDX-License-Identifier: Apache-2.0
// XEP-0060 section 12.4: errors that answer events. An event has an id by which the service recognises it
// again, in every run of the server, without a list of what was sent.
#pragma once

#include "base/task.hpp"
#include "pubsub/node_config.hpp"
#include "xmpp/jid.hpp"
#include "xmpp/stanza.hpp"
#include "xmpp/stanza_error.hpp"

#include <memory>
#include <string>
#include <string_view>

namespace stonechat {

class NodeService;

/// Returns a new id for an event of `node`. All receivers of the event may get the same one.
std::string new_event_id(const NodeService& service, std::string_view node);
/// Whether `id` is one of an event of `node`.
bool is_event_id(const NodeService& service, std::string_view node, std::string_view id);

/// Whether an error that answers an event, sent as a message of this kind, shows that the subscriber is gone.
bool shows_gone(const StanzaError& error, NodeConfig::MessageKind kind);

/// Takes an error message. Ends the subscription to which its event went if the subscriber is gone: only that
/// of the very address from which the error comes, and only to the node of the event.
Task<Done> take_bounce(NodeService& service, std::shared_ptr<const void> held, Stanza error);

} // namespace stonechat
