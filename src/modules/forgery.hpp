// SPDX-License-Identifier: Apache-2.0
// What only an account itself may say to its devices, clients are not let say to others: carbon copies
// (XEP-0280 §12), answers from an archive (XEP-0313), pushes of a roster or a block list (RFC 6121
// §2.1.6, XEP-0191 §3.4). Clients should know this too; not all do.
#pragma once

#include "router/module.hpp"

#include <memory>

namespace stonechat {

std::unique_ptr<Module> make_forgery();

} // namespace stonechat
