// SPDX-License-Identifier: Apache-2.0
// Stops clients from sending others what only an account may send to its own devices: carbon copies (XEP-0280
// §12), results from an archive (XEP-0313), pushes of a roster or block list (RFC 6121 §2.1.6, XEP-0191
// §3.4). Receiving clients should check this too, but not all do.
#pragma once

#include "router/module.hpp"

#include <memory>

namespace stonechat {

std::unique_ptr<Module> make_forgery();

} // namespace stonechat
