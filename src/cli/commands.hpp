// SPDX-License-Identifier: Apache-2.0
// Reads the commands and options that a program has declared to CLI11. The manual page, the completions and
// the suggestions for mistyped words are made from them. Pure; any thread.
#pragma once

#include <CLI/CLI.hpp>

#include <functional>
#include <string>
#include <vector>

namespace stonechat::cli {

/// Returns the sub-commands that are not hidden.
std::vector<const CLI::App*> subcommands_of(const CLI::App& command);

/// Return the options that begin with a dash, and the positional ones.
std::vector<const CLI::Option*> named_options(const CLI::App& command);
std::vector<const CLI::Option*> positional_options(const CLI::App& command);

/// Returns whether a value follows the option.
bool takes_value(const CLI::Option& option);

/// Returns all names of the option: "-h", "--help".
std::vector<std::string> spellings_of(const CLI::Option& option);

/// Returns the full name of the command without the program's name: "user add". Empty for the program itself.
std::string path_of(const CLI::App& command);

/// Calls `visit` for the program and all its commands, in the order in which they were declared.
void visit_commands(const CLI::App& command, const std::function<void(const CLI::App&)>& visit);

/// Returns whether the command does something itself, instead of grouping others.
bool is_leaf(const CLI::App& command);

} // namespace stonechat::cli
