// SPDX-License-Identifier: Apache-2.0
// The module `pubsub`: a pubsub service with a domain of its own next to a host's accounts (XEP-0060).
#pragma once

#include "router/module.hpp"

#include <memory>

namespace stonechat {

std::unique_ptr<Module> make_pubsub();

} // namespace stonechat
