// SPDX-License-Identifier: Apache-2.0
// RFC 6121 section 4: presence. Outbound: broadcasts a session's presence to subscribed contacts and to the
// user's own resources, probes contacts, and remembers the targets of directed presence (section 4.6), which
// get unavailable presence when the session ends, however it ends. Inbound: delivers presence and answers
// probes. It also refuses an iq to a session whose presence the sender may not see (section 8.5.3.1).
#pragma once

#include "router/module.hpp"

#include <memory>

namespace stonechat {

std::unique_ptr<Module> make_presence();

} // namespace stonechat
