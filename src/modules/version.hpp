// SPDX-License-Identifier: Apache-2.0
// XEP-0092 Software Version: what the server is; not on which system, nor that to strangers.
#pragma once

#include "router/module.hpp"

#include <memory>

namespace stonechat {

std::unique_ptr<Module> make_version();

} // namespace stonechat
