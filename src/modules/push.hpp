// SPDX-License-Identifier: Apache-2.0
// XEP-0357 Push Notifications: when a message has come for a device that is away or that nobody looks
// at, the device's push service is told how many there are. It learns nothing else: not whose they are,
// nor from whom, nor what they say.
#pragma once

#include "router/module.hpp"

#include <memory>

namespace stonechat {

std::unique_ptr<Module> make_push();

} // namespace stonechat
