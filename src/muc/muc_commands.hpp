// SPDX-License-Identifier: Apache-2.0
// Ad-hoc commands (XEP-0050) by which a host's admins look after its rooms: list, inspect, destroy.
#pragma once

#include "router/handlers.hpp"

namespace stonechat {

class MucService;

void attach_room_commands(Handlers& on, MucService& service);

} // namespace stonechat
