// SPDX-License-Identifier: Apache-2.0
// XEP-0049 Private XML Storage: small data a client keeps for itself on the server.
#pragma once

#include "router/module.hpp"

#include <memory>

namespace stonechat {

std::unique_ptr<Module> make_private_xml();

} // namespace stonechat
