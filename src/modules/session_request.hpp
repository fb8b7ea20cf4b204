// SPDX-License-Identifier: Apache-2.0
// RFC 3921 session establishment: answers the request that old clients send after binding. There is nothing
// else to do.
#pragma once

#include "router/module.hpp"

#include <memory>

namespace stonechat {

std::unique_ptr<Module> make_session_request();

} // namespace stonechat
