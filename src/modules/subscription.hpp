// SPDX-License-Identifier: Apache-2.0
// RFC 6121 section 3: presence subscriptions. Handles the four subscription stanzas in both directions:
// changes the contact's state by Appendix A (subscription_states.hpp), commits it, and only then routes,
// delivers and pushes. A request is stored whole in the roster record and delivered to each resource that
// becomes available, until it is answered. The sender of a request does not learn whether the account exists.
#pragma once

#include "router/module.hpp"

#include <memory>

namespace stonechat {

std::unique_ptr<Module> make_subscription();

} // namespace stonechat
