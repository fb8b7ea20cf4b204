// SPDX-License-Identifier: Apache-2.0
// Bans by administrators, which survive a restart. All code that adds or lifts such a ban does it here. In
// the store they belong to the account without a name on the host without a name. On shard 0.
#pragma once

#include "base/function.hpp"
#include "base/result.hpp"
#include "base/task.hpp"
#include "net/ban_list.hpp"

namespace stonechat {

class Router;

enum class BanProblem {
    too_many,
    not_banned, ///< no ban of exactly this prefix
    store_failed,
};

/// Loads the stored bans into the LoginGuard, then calls `done`.
void load_kept_bans(Router& router, Function<void()> done);
/// Adds a ban. It is in force and stored when this answers.
Task<Result<Done, BanProblem>> add_ban(Router& router, Ban ban);
/// Lifts a ban, also one for guessed passwords; those are not stored.
Task<Result<Done, BanProblem>> remove_ban(Router& router, IpPrefix prefix);

} // namespace stonechat
