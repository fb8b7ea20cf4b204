// SPDX-License-Identifier: Apache-2.0
// Learns the capabilities of the sessions of this host's users from their broadcast presence: XEP-0115 Entity
// Capabilities and XEP-0390 Entity Capabilities 2.0. Other modules read Session::capabilities() and are told
// by Handlers::session_capabilities.
#pragma once

#include "router/module.hpp"

#include <memory>

namespace stonechat {

std::unique_ptr<Module> make_capabilities();

} // namespace stonechat
