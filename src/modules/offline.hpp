// SPDX-License-Identifier: Apache-2.0
// XEP-0160 Offline Messages: a message that no session can take now is committed to the account's mailbox
// before it is acknowledged to its sender. The first resource that becomes available with a priority of 0 or
// more gets the messages: in order, in batches, with the time of arrival (XEP-0203). A row is deleted only
// when the client has shown that it read the message, or when the message has moved into the queue of a
// resumable session. While a mailbox is being read, new messages are put behind the rest.
#pragma once

#include "router/module.hpp"

#include <memory>

namespace stonechat {

std::unique_ptr<Module> make_offline();

} // namespace stonechat
