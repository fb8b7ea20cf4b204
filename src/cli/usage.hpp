// SPDX-License-Identifier: Apache-2.0
// Output of a program when the user asks for help, or mistypes a command or an option.
#pragma once

#include <CLI/CLI.hpp>

namespace stonechat::cli {

/// Prints the result of `error`, which parsing the arguments of `program` has thrown: help and version to
/// standard output, else the error with a suggestion to standard error. Returns the exit code: 0, or
/// `wrong_usage`.
int explain(const CLI::App& program, const CLI::ParseError& error, int wrong_usage);

} // namespace stonechat::cli
