// SPDX-License-Identifier: Apache-2.0
// RFC 6121 section 4: presence. Broadcasts what a session says of itself to the contacts that are
// subscribed and to the user's own resources, finds out who else is there, remembers to whom presence
// was sent directly (section 4.6) and tells them at the end, however the session ends. On the other
// side it delivers presence that comes in and answers probes. It also keeps an iq from a session that
// its sender may not see (section 8.5.3.1).
#pragma once

#include "router/module.hpp"

#include <memory>

namespace stonechat {

std::unique_ptr<Module> make_presence();

} // namespace stonechat
