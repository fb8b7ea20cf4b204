// SPDX-License-Identifier: Apache-2.0
// The newest items that a client gets when it comes online (XEP-0163 section 4.3.2): those of its own account
// and of the accounts whose presence it sees, of the nodes in which it announced an interest. All of them
// come from one look into the store, so a login costs the same whether the contacts are online or not.
#pragma once

#include "base/task.hpp"
#include "router/session.hpp"
#include "router/user.hpp"

#include <memory>
#include <string>
#include <vector>

namespace stonechat {

/// The accounts of this server whose newest items a client of `user` gets.
std::vector<AccountKey> sources_of_items(const User& user);

/// Sends the newest items of `nodes` of `accounts` to `session`, as far as its user may read them and the
/// nodes' configuration sends them to those who come online.
Task<Done> send_last_items(std::shared_ptr<User> user, std::shared_ptr<Session> session,
    std::vector<AccountKey> accounts, std::vector<std::string> nodes);
/// The same for a node of the user's own account that is a view.
Task<Done> send_last_view(std::shared_ptr<User> user, std::shared_ptr<Session> session, std::string node);

} // namespace stonechat
