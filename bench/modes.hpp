// SPDX-License-Identifier: Apache-2.0
//
// The sub-commands. Each adds itself to the command line with its own options and runs when it is chosen;
// the exit code (0: everything went as it should) is left in `exit_code`.
#pragma once

#include <CLI/CLI.hpp>

namespace stonechat::bench {

void add_accounts_mode(CLI::App& app, int& exit_code);
void add_login_mode(CLI::App& app, int& exit_code);
void add_idle_mode(CLI::App& app, int& exit_code);
void add_pair_mode(CLI::App& app, int& exit_code);
void add_offline_mode(CLI::App& app, int& exit_code);
void add_archive_mode(CLI::App& app, int& exit_code);
void add_resume_mode(CLI::App& app, int& exit_code);
void add_muc_mode(CLI::App& app, int& exit_code);
void add_pubsub_mode(CLI::App& app, int& exit_code);
void add_floor_mode(CLI::App& app, int& exit_code);

} // namespace stonechat::bench
