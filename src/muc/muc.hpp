// SPDX-License-Identifier: Apache-2.0
// The module `muc`: a group chat service next to a host's accounts (XEP-0045). It also records which rooms
// the host's own sessions are in, so that resumed sessions are still in their rooms after a restart
// (XEP-0198).
#pragma once

#include "router/module.hpp"

#include <memory>

namespace stonechat {

std::unique_ptr<Module> make_muc();

} // namespace stonechat
