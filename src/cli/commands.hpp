// SPDX-License-Identifier: Apache-2.0
// A program's commands and options, as it declares them to CLI11: read again for its manual page, its
// completions and for what is said to somebody who mistypes. Pure; any thread.
#pragma once

#include <CLI/CLI.hpp>

#include <functional>
#include <string>
#include <vector>

namespace stonechat::cli {

/// The sub-commands that people are told of.
std::vector<const CLI::App*> subcommands_of(const CLI::App& command);

/// Options that begin with a dash, and those that are told by their place.
std::vector<const CLI::Option*> named_options(const CLI::App& command);
std::vector<const CLI::Option*> positional_options(const CLI::App& command);

/// Whether a value follows it.
bool takes_value(const CLI::Option& option);

/// "-h", "--help"
std::vector<std::string> spellings_of(const CLI::Option& option);

/// "user add", without the program's name; the program itself is empty.
std::string path_of(const CLI::App& command);

/// Calls `visit` for the program and all its commands, in the order in which they were declared.
void visit_commands(const CLI::App& command, const std::function<void(const CLI::App&)>& visit);

/// One that does something by itself, instead of being a group of others.
bool is_leaf(const CLI::App& command);

} // namespace stonechat::cli
