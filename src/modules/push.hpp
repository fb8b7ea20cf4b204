// SPDX-License-Identifier: Apache-2.0
// XEP-0357 Push Notifications: when a message arrives for a device that is disconnected or inactive, the
// device's push service is told how many messages there are. The notification names neither the sender nor
// the text of a message.
#pragma once

#include "router/module.hpp"

#include <memory>

namespace stonechat {

std::unique_ptr<Module> make_push();

} // namespace stonechat
