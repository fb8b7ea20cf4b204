// SPDX-License-Identifier: Apache-2.0
// RFC 6121 section 3: presence subscriptions. Takes the four subscription stanzas in both directions,
// moves the contact's state as Appendix A says (subscription_states.hpp), commits, and only then routes,
// delivers and pushes. A request waits in the record, whole, and is delivered at each first available
// presence until it is answered. To whom a request goes, and whether that account exists, its sender
// does not learn.
#pragma once

#include "router/module.hpp"

#include <memory>

namespace stonechat {

std::unique_ptr<Module> make_subscription();

} // namespace stonechat
