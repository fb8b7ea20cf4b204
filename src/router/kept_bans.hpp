// SPDX-License-Identifier: Apache-2.0
// Bans by administrators, which outlive a restart: whoever makes or lifts one, does it here. In the store
// they belong to the account without a name of the host without a name. On shard 0.
#pragma once

#include "base/function.hpp"
#include "base/result.hpp"
#include "base/task.hpp"
#include "net/ban_list.hpp"

namespace stonechat {

class Router;

enum class BanProblem {
    too_many,
    not_banned, ///< exactly this prefix
    store_failed,
};

/// Puts in force what was kept when the server ended last, then calls `done`.
void load_bans(Router& router, Function<void()> done);
/// In force when this answers, and kept.
Task<Result<Done, BanProblem>> add_ban(Router& router, Ban ban);
/// Also a ban by guesses, which nobody keeps.
Task<Result<Done, BanProblem>> remove_ban(Router& router, IpPrefix prefix);

} // namespace stonechat
