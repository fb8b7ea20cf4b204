// SPDX-License-Identifier: Apache-2.0
// XEP-0202 Entity Time: the server's clock.
#pragma once

#include "router/module.hpp"

#include <memory>

namespace stonechat {

std::unique_ptr<Module> make_time();

} // namespace stonechat
