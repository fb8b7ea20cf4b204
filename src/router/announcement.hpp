// SPDX-License-Identifier: Apache-2.0
// A message from the server to everybody who is online: for administrators, by whichever way they ask.
#pragma once

#include "base/executor.hpp"
#include "base/task.hpp"

#include <cstddef>
#include <string>

namespace stonechat {

class Server;

/// Sends `text` as a headline to each account of `host` (empty: of all hosts) with an available session;
/// answers on `asker` how many there were.
Task<std::size_t> announce(Server& server, Executor& asker, std::string host, std::string text);

} // namespace stonechat
