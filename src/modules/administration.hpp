// SPDX-License-Identifier: Apache-2.0
// XEP-0133 Service Administration: what an administrator does from a chat client.
#pragma once

#include "router/module.hpp"

#include <memory>

namespace stonechat {

std::unique_ptr<Module> make_administration();

} // namespace stonechat
