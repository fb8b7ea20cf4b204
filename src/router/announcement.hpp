// SPDX-License-Identifier: Apache-2.0
// Announcements: a message from an administrator to everybody who is online. Used by every way in which
// administrators give commands.
#pragma once

#include "base/executor.hpp"
#include "base/task.hpp"

#include <cstddef>
#include <string>

namespace stonechat {

class Server;

/// Sends `text` as a headline to each account of `host` (empty: of all hosts) that has an available session.
/// Returns the number of accounts, on `asker`.
Task<std::size_t> send_announcement(Server& server, Executor& asker, std::string host, std::string text);

} // namespace stonechat
