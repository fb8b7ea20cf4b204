// SPDX-License-Identifier: Apache-2.0
// `stonechat check`: prints the effective configuration, its differences to the running server, and problems
// that would keep a server from starting or its users from logging in.
#pragma once

#include <string>

namespace stonechat {

/// Returns the exit code: 0 if a server could start with this configuration (or runs with it), 1 if something
/// in its environment prevents that.
int check(const std::string& config_file, bool as_json);

} // namespace stonechat
