// SPDX-License-Identifier: Apache-2.0
// RFC 3921 session establishment: old clients ask for it after binding; there is nothing to do.
#pragma once

#include "router/module.hpp"

#include <memory>

namespace stonechat {

std::unique_ptr<Module> make_session_request();

} // namespace stonechat
