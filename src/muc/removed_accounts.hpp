// SPDX-License-Identifier: Apache-2.0
// Removal of an account: rooms delete what they store about the account (affiliation, reserved nick, hats,
// read progress, invitations), so that a new account of the same name inherits nothing. A ban stays, because
// it belongs to the room. If the last owner of a room is removed, its admins become owners. A room without
// admins is destroyed if nobody else can enter it. Otherwise it goes on without an owner until the
// administrator names one (`stonechatctl room affiliate`).
#pragma once

#include "base/task.hpp"
#include "xmpp/jid.hpp"

namespace stonechat {

class MucService;

/// Removes the account from all rooms of the service, on all shards. Returns false if the store failed.
Task<bool> forget_account_in_rooms(MucService& service, Jid account);

} // namespace stonechat
