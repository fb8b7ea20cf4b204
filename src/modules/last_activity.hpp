// SPDX-License-Identifier: Apache-2.0
// XEP-0012 Last Activity: the server's uptime, and when a contact was last at one of his devices
// (user_activity.hpp). Its owner may hide it, from XEP-0319 too.
#pragma once

#include "router/module.hpp"

#include <memory>

namespace stonechat {

std::unique_ptr<Module> make_last_activity();

} // namespace stonechat
