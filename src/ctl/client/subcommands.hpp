// SPDX-License-Identifier: Apache-2.0
// The sub-commands of stonechatctl. Each function adds its own to the program; when one was chosen,
// it runs inside the parsing and leaves its exit code in `exit`.
#pragma once

#include "ctl/client/options.hpp"

#include <CLI/CLI.hpp>

namespace stonechat::ctl {

void add_user_commands(CLI::App& program, Options& options, Exit& exit);
void add_session_commands(CLI::App& program, Options& options, Exit& exit);
void add_room_commands(CLI::App& program, Options& options, Exit& exit);
void add_ban_commands(CLI::App& program, Options& options, Exit& exit);
void add_server_commands(CLI::App& program, Options& options, Exit& exit);

/// Sessions as the server lists them, for people.
cli::Table sessions_table(const boost::json::array& sessions);

/// A sub-command with --json.
CLI::App* add_command(CLI::App& parent, Options& options, const std::string& name,
    const std::string& meaning);

} // namespace stonechat::ctl
