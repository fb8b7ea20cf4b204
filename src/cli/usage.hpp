// SPDX-License-Identifier: Apache-2.0
// What a program says to somebody who asks for help, or who mistypes a command or an option.
#pragma once

#include <CLI/CLI.hpp>

namespace stonechat::cli {

/// Prints what `error`, from parsing the arguments of `program`, means: help and version to standard output,
/// else what is wrong and what was probably meant to standard error. The exit code: 0, or `wrong_usage`.
int explain(const CLI::App& program, const CLI::ParseError& error, int wrong_usage);

} // namespace stonechat::cli
