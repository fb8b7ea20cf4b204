// SPDX-License-Identifier: Apache-2.0
// XEP-0280 Message Carbons: every device of an account that asks for it sees both sides of every
// conversation.
#pragma once

#include "router/module.hpp"

#include <memory>

namespace stonechat {

std::unique_ptr<Module> make_carbons();

} // namespace stonechat
