// SPDX-License-Identifier: Apache-2.0
// RFC 6121 section 2: the roster. A user's own clients read and change it. Each change is committed, then
// pushed to every interested resource. Versioning (section 2.6): a client that sends the current version gets
// an empty result.
#pragma once

#include "router/module.hpp"

#include <memory>

namespace stonechat {

std::unique_ptr<Module> make_roster();

} // namespace stonechat
