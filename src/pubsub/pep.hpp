// SPDX-License-Identifier: Apache-2.0
// The module `pep`: every account is a pubsub service (XEP-0163).
#pragma once

#include "router/module.hpp"

#include <memory>

namespace stonechat {

std::unique_ptr<Module> make_pep();

} // namespace stonechat
