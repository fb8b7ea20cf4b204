// SPDX-License-Identifier: Apache-2.0
// XEP-0012 Last Activity: the server's uptime, and when a contact last used a device (user_activity.hpp). A
// user may hide this time; then it is removed from presence (XEP-0319) too.
#pragma once

#include "router/module.hpp"

#include <memory>

namespace stonechat {

std::unique_ptr<Module> make_last_activity();

} // namespace stonechat
