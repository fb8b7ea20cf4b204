// SPDX-License-Identifier: Apache-2.0
// The module `muc`: a group chat service beside a host's accounts (XEP-0045), and what the host's own
// sessions keep of the rooms they are in, so that they are still there after a restart (XEP-0198).
#pragma once

#include "router/module.hpp"

#include <memory>

namespace stonechat {

std::unique_ptr<Module> make_muc();

} // namespace stonechat
