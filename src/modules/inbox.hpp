// SPDX-License-Identifier: Apache-2.0
// XEP-0430 Inbox: the conversations of an account, each with its last message and its number of unread ones.
// Each room answers for itself (muc/room_inbox).
#pragma once

#include "router/module.hpp"

#include <memory>

namespace stonechat {

std::unique_ptr<Module> make_inbox();

} // namespace stonechat
