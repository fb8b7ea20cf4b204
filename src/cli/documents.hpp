// SPDX-License-Identifier: Apache-2.0
// Makes the manual page and shell completions of a program from the commands and options that it declares, so
// that they always match the program. Pure, except `add_documents`, whose command prints.
#pragma once

#include <CLI/CLI.hpp>

#include <string>
#include <utility>
#include <vector>

namespace stonechat::cli {

/// The parts of a manual page that the declarations do not contain.
struct ManualFacts {
    std::string version;
    std::string summary; ///< printed after the name; begins in lower case
    std::vector<std::pair<std::string, std::string>> sections; ///< heading and paragraphs, at the end
    std::vector<std::string> see_also;                         ///< "stonechat(8)"
};

/// Returns the manual page for man(1), section 8.
std::string manual_page(const CLI::App& program, const ManualFacts& facts);

std::string bash_completion(const CLI::App& program);
std::string zsh_completion(const CLI::App& program);
std::string fish_completion(const CLI::App& program);

/// Adds the hidden command `documents`, which prints one of the above, for packagers and the build.
CLI::App* add_documents(CLI::App& program, ManualFacts facts);

} // namespace stonechat::cli
