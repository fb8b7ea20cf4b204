// SPDX-License-Identifier: Apache-2.0
// XEP-0352 Client State Indication: the client says whether somebody looks at it. What it is not sent
// meanwhile is the business of its stream (c2s/client_state_queue.hpp).
#pragma once

#include "router/module.hpp"

#include <memory>

namespace stonechat {

std::unique_ptr<Module> make_client_state();

} // namespace stonechat
