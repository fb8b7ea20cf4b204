// SPDX-License-Identifier: Apache-2.0
// XEP-0054 vcard-temp: a user's card, kept by the server and shown to whoever asks.
#pragma once

#include "router/module.hpp"

#include <memory>

namespace stonechat {

std::unique_ptr<Module> make_vcard();

} // namespace stonechat
