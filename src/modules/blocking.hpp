// SPDX-License-Identifier: Apache-2.0
// XEP-0191 Blocking Command: stops stanzas from and to the addresses that a user has blocked.
#pragma once

#include "router/module.hpp"

#include <memory>

namespace stonechat {

std::unique_ptr<Module> make_blocking();

} // namespace stonechat
