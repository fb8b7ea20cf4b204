// SPDX-License-Identifier: Apache-2.0
// The sub-commands of stonechatctl. Each function adds its sub-commands to the program. The chosen one runs
// while the arguments are parsed, and stores its exit code in `exit`.
#pragma once

#include "ctl/client/options.hpp"

#include <CLI/CLI.hpp>

namespace stonechat::ctl {

void add_user_commands(CLI::App& program, Options& options, Exit& exit);
void add_session_commands(CLI::App& program, Options& options, Exit& exit);
void add_room_commands(CLI::App& program, Options& options, Exit& exit);
void add_ban_commands(CLI::App& program, Options& options, Exit& exit);
void add_server_commands(CLI::App& program, Options& options, Exit& exit);

/// Returns a table of the sessions, in the order of the server.
cli::Table sessions_table(const boost::json::array& sessions);

/// Adds a sub-command with the option --json.
CLI::App* add_command(CLI::App& parent, Options& options, const std::string& name,
    const std::string& meaning);

} // namespace stonechat::ctl
