// SPDX-License-Identifier: Apache-2.0
// XEP-0077 In-Band Registration: new accounts (off unless allowed), password change, account removal.
#pragma once

#include "router/module.hpp"

#include <memory>

namespace stonechat {

std::unique_ptr<Module> make_registration();

} // namespace stonechat
