// SPDX-License-Identifier: Apache-2.0
// XEP-0359 Unique and Stable Stanza IDs: removes forged <stanza-id/> elements that claim to be from this
// server's archives. The real ids are added at delivery (router/delivery_plan).
#pragma once

#include "router/module.hpp"

#include <memory>

namespace stonechat {

std::unique_ptr<Module> make_stanza_ids();

} // namespace stonechat
