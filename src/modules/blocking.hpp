// SPDX-License-Identifier: Apache-2.0
// XEP-0191 Blocking Command: stops stanzas from and to the addresses that a user has blocked. What rooms send
// passes no handlers; Host::deliver_directly checks it.
#pragma once

#include "router/module.hpp"

#include <memory>

namespace stonechat {

std::unique_ptr<Module> make_blocking();

} // namespace stonechat
