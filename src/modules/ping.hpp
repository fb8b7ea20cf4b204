// SPDX-License-Identifier: Apache-2.0
// XEP-0199 XMPP Ping: is the server, or an account, reachable?
#pragma once

#include "router/module.hpp"

#include <memory>

namespace stonechat {

std::unique_ptr<Module> make_ping();

} // namespace stonechat
