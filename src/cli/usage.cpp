// SPDX-License-Identifier: Apache-2.0
#include "cli/usage.hpp"

#include "cli/commands.hpp"
#include "cli/table.hpp"
#include "config/suggestion.hpp"

#include <algorithm>
#include <iostream>
#include <map>
#include <optional>

namespace stonechat::cli {
namespace {

/// Returns the innermost command that was recognized.
const CLI::App& understood(const CLI::App& program)
{
    const CLI::App* at = &program;
    while (!at->get_subcommands().empty()) {
        at = at->get_subcommands().back();
    }
    return *at;
}

std::string joined(const std::string& path, const std::string& word)
{
    return path.empty() ? word : path + " " + word;
}

/// Returns the command that `word` may mean: one of this group, or a command of another group whose name is
/// unique.
std::optional<std::string> meant_command(const CLI::App& program, const CLI::App& group,
    const std::string& word)
{
    std::vector<std::string> here;
    for (const CLI::App* each : subcommands_of(group)) {
        here.push_back(each->get_name());
    }
    if (const auto near = nearest(word, here)) {
        return joined(path_of(group), *near);
    }
    std::map<std::string, std::vector<std::string>> paths; // by last word
    visit_commands(program, [&paths](const CLI::App& each) {
        if (is_leaf(each)) {
            paths[each.get_name()].push_back(path_of(each));
        }
    });
    std::vector<std::string> elsewhere;
    for (const auto& [name, its_paths] : paths) {
        if (its_paths.size() == 1) {
            elsewhere.push_back(name);
        }
    }
    const auto near = nearest(word, elsewhere);
    return near ? std::optional(paths[*near].front()) : std::nullopt;
}

std::string unknown_command(const CLI::App& program, const CLI::App& group, const std::string& word)
{
    std::string text = "unknown command '" + printable(joined(path_of(group), word)) + "'";
    if (const auto meant = meant_command(program, group, word)) {
        return text + "; did you mean '" + *meant + "'?";
    }
    std::string all;
    for (const CLI::App* each : subcommands_of(group)) {
        all += (all.empty() ? "" : ", ") + each->get_name();
    }
    return text + "; there are: " + all;
}

std::string unknown_option(const CLI::App& command, const std::string& word)
{
    const std::string name = word.substr(0, word.find('='));
    std::vector<std::string> there;
    for (const CLI::Option* each : named_options(command)) {
        const auto spellings = spellings_of(*each);
        there.insert(there.end(), spellings.begin(), spellings.end());
    }
    const auto near = nearest(name, there);
    return "unknown option '" + printable(name) + "'" + (near ? "; did you mean '" + *near + "'?" : "");
}

/// Returns the message for an unknown word; nothing if there is none.
std::optional<std::string> unknown_word(const CLI::App& program)
{
    const CLI::App& command = understood(program);
    const std::vector<std::string> words = command.remaining();
    const auto is_option = [](const std::string& word) { return word.size() > 1 && word.starts_with('-'); };
    const auto first = std::find_if_not(words.begin(), words.end(), is_option);
    if (!is_leaf(command) && first != words.end()) {
        return unknown_command(program, command, *first);
    }
    if (!words.empty() && is_option(words.front())) {
        return unknown_option(command, words.front());
    }
    return std::nullopt;
}

} // namespace

int explain(const CLI::App& program, const CLI::ParseError& error, int wrong_usage)
{
    if (error.get_exit_code() == static_cast<int>(CLI::ExitCodes::Success)) {
        program.exit(error);
        return 0;
    }
    const std::string what = unknown_word(program).value_or(error.what());
    std::string command = program.get_name();
    if (const std::string path = path_of(understood(program)); !path.empty()) {
        command += " " + path;
    }
    std::cerr << program.get_name() << ": " << what << "\n`" << command << " --help` tells more\n";
    return wrong_usage;
}

} // namespace stonechat::cli
