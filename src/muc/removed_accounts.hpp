// SPDX-License-Identifier: Apache-2.0
// Accounts that are removed: rooms forget what they keep of them (affiliation, reserved nick, hats, how far
// they have read, invitations), so that whoever gets the name has nothing of it. A ban stays: it is the
// room's. A room whose last owner goes is inherited by its admins; has it none, it is destroyed if nobody can
// get in any more, and otherwise goes on without owner until whoever runs the server names one (`stonechatctl
// room affiliate`).
#pragma once

#include "base/task.hpp"
#include "xmpp/jid.hpp"

namespace stonechat {

class MucService;

/// In all rooms of the service, on whichever shard they live; false if the store failed.
Task<bool> forget_account_in_rooms(MucService& service, Jid account);

} // namespace stonechat
