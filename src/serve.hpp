// SPDX-License-Identifier: Apache-2.0
// `stonechat --config FILE`: serves until SIGTERM.
#pragma once

#include <string>

namespace stonechat {

/// Exit codes of the program; the systemd unit uses them.
enum ExitCode : int { exit_done = 0, exit_failed = 1, exit_usage = 2, exit_config = 78 };

/// Reads the configuration, makes the server and runs it. Returns the exit code.
int serve(const std::string& config_file);

} // namespace stonechat
