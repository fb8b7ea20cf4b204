// SPDX-License-Identifier: Apache-2.0
#include "cli/commands.hpp"

namespace stonechat::cli {

std::vector<const CLI::App*> subcommands_of(const CLI::App& command)
{
    return command.get_subcommands([](const CLI::App* each) {
        return !each->get_name().empty() && !each->get_group().empty();
    });
}

std::vector<const CLI::Option*> named_options(const CLI::App& command)
{
    return command.get_options([](const CLI::Option* each) {
        return each->nonpositional() && !each->get_group().empty();
    });
}

std::vector<const CLI::Option*> positional_options(const CLI::App& command)
{
    return command.get_options([](const CLI::Option* each) { return each->get_positional(); });
}

bool takes_value(const CLI::Option& option)
{
    return option.get_items_expected_max() > 0;
}

std::vector<std::string> spellings_of(const CLI::Option& option)
{
    std::vector<std::string> spellings;
    for (const std::string& each : option.get_snames()) {
        spellings.push_back("-" + each);
    }
    for (const std::string& each : option.get_lnames()) {
        spellings.push_back("--" + each);
    }
    return spellings;
}

std::string path_of(const CLI::App& command)
{
    const CLI::App* parent = command.get_parent();
    if (parent == nullptr) {
        return {};
    }
    const std::string above = path_of(*parent);
    return above.empty() ? command.get_name() : above + " " + command.get_name();
}

void visit_commands(const CLI::App& command, const std::function<void(const CLI::App&)>& visit)
{
    visit(command);
    for (const CLI::App* each : subcommands_of(command)) {
        visit_commands(*each, visit);
    }
}

bool is_leaf(const CLI::App& command)
{
    return subcommands_of(command).empty();
}

} // namespace stonechat::cli
