// SPDX-License-Identifier: Apache-2.0
// Ad-hoc commands (XEP-0050) with which a host's admins manage its rooms: list, inspect, destroy.
#pragma once

#include "router/handlers.hpp"

namespace stonechat {

class Rooms;

void attach_muc_commands(Handlers& on, Rooms& rooms);

} // namespace stonechat
