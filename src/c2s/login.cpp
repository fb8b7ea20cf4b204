// SPDX-License-Identifier: Apache-2.0
#include "c2s/login.hpp"

#include "router/accounts.hpp"
#include "router/router.hpp"
#include "router/user.hpp"

namespace stonechat {

bool has_old_password(const Login& login, const User& user, Router& router)
{
    return router.accounts().has_new_password_since(login.began, user.jid());
}

std::optional<StreamError> entry_problem(const Login& login, const User& user, Router& router)
{
    if (user.state() == User::State::failed) {
        return StreamError(StreamError::internal_server_error);
    }
    if (user.state() != User::State::ready) {
        return StreamError(StreamError::not_authorized); // removed or disabled
    }
    if (has_old_password(login, user, router)) {
        return StreamError(StreamError::not_authorized, "The password was changed");
    }
    return std::nullopt;
}

} // namespace stonechat
