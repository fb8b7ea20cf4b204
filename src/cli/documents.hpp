// SPDX-License-Identifier: Apache-2.0
// Manual page and shell completions of a program, made from the commands and options that it declares: what
// they say cannot differ from what it does. Pure but for `add_documents`, whose command prints.
#pragma once

#include <CLI/CLI.hpp>

#include <string>
#include <utility>
#include <vector>

namespace stonechat::cli {

/// What the declarations do not say.
struct ManualFacts {
    std::string version;
    std::string summary;                                       ///< behind the name, without a capital letter
    std::vector<std::pair<std::string, std::string>> sections; ///< heading and paragraphs, at the end
    std::vector<std::string> see_also;                         ///< "stonechat(8)"
};

/// For man(1), section 8.
std::string manual_page(const CLI::App& program, const ManualFacts& facts);

std::string bash_completion(const CLI::App& program);
std::string zsh_completion(const CLI::App& program);
std::string fish_completion(const CLI::App& program);

/// Adds the hidden command `documents`, which prints one of the above: for packagers, and for the build.
CLI::App* add_documents(CLI::App& program, ManualFacts facts);

} // namespace stonechat::cli
