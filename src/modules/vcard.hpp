// SPDX-License-Identifier: Apache-2.0
// XEP-0054 vcard-temp: stores a user's card and returns it to anyone who asks.
#pragma once

#include "router/module.hpp"

#include <memory>

namespace stonechat {

std::unique_ptr<Module> make_vcard();

} // namespace stonechat
