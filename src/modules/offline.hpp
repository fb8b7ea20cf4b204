// SPDX-License-Identifier: Apache-2.0
// XEP-0160 Offline Messages: what comes while nobody can take it is committed to the account's mailbox
// before its sender hears that it is safe, and given to the first resource that becomes available with
// a priority of 0 or more: in order, stamped with the time it came (XEP-0203), a batch at a time. A row
// goes when the client has shown that it read it, and not before. While a mailbox is being read, new
// messages queue up behind it.
#pragma once

#include "router/module.hpp"

#include <memory>

namespace stonechat {

std::unique_ptr<Module> make_offline();

} // namespace stonechat
