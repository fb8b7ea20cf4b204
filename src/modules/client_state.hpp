// SPDX-License-Identifier: Apache-2.0
// XEP-0352 Client State Indication: takes the client's <active/> and <inactive/>. What an inactive client is
// not sent is decided in c2s/client_state_queue.hpp.
#pragma once

#include "router/module.hpp"

#include <memory>

namespace stonechat {

std::unique_ptr<Module> make_client_state();

} // namespace stonechat
