// SPDX-License-Identifier: Apache-2.0
// XEP-0490 Message Displayed Synchronization: read marks of all conversations, in a node of the account.
// Clients may send them inside a message, and the server publishes them (section 4.5).
#pragma once

#include "router/module.hpp"

#include <memory>

namespace stonechat {

std::unique_ptr<Module> make_displayed_sync();

} // namespace stonechat
