// SPDX-License-Identifier: Apache-2.0
// Login: what is known of a stream's login, and whether it still admits its client to the account.
#pragma once

#include "base/clock.hpp"
#include "xmpp/stream_error.hpp"

#include <optional>
#include <string>

namespace stonechat {

class Router;
class User;

struct Login {
    std::string user; ///< prepared localpart of the account
    SteadyTime began; ///< start of the attempt that succeeded
};

/// Returns whether the account's password was changed after the login began.
bool has_old_password(const Login& login, const User& user, Router& router);
/// Returns why the client may neither bind nor resume: the account cannot be read, was removed or disabled,
/// or has a new password. Nothing if it may.
std::optional<StreamError> entry_problem(const Login& login, const User& user, Router& router);

} // namespace stonechat
