// SPDX-License-Identifier: Apache-2.0
// `stonechat check`: the effective configuration, what differs from the server that runs with it, and what
// would keep one from starting or its users from getting in.
#pragma once

#include <string>

namespace stonechat {

/// The exit code: 0 if a server could start with it (or does), 1 if something around it is in the way.
int check(const std::string& config_file, bool as_json);

} // namespace stonechat
