// SPDX-License-Identifier: Apache-2.0
// XEP-0049 Private XML Storage: small data that clients store for their own account.
#pragma once

#include "router/module.hpp"

#include <memory>

namespace stonechat {

std::unique_ptr<Module> make_private_xml();

} // namespace stonechat
