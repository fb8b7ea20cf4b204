// SPDX-License-Identifier: Apache-2.0
// XEP-0199 XMPP Ping: answers pings to the server and to accounts.
#pragma once

#include "router/module.hpp"

#include <memory>

namespace stonechat {

std::unique_ptr<Module> make_ping();

} // namespace stonechat
