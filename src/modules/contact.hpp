// SPDX-License-Identifier: Apache-2.0
// XEP-0157 Contact Addresses: where to complain, ask or report, told by service discovery.
#pragma once

#include "router/module.hpp"

#include <memory>

namespace stonechat {

std::unique_ptr<Module> make_contact();

} // namespace stonechat
