// SPDX-License-Identifier: Apache-2.0
// The manual page, in the language of man(7).
#include "cli/commands.hpp"
#include "cli/documents.hpp"

#include <algorithm>
#include <iostream>
#include <memory>

namespace stonechat::cli {
namespace {

/// Escapes a text so that troff prints it literally.
std::string escaped(const std::string& text)
{
    std::string safe;
    for (const char each : text) {
        switch (each) {
        case '\\': safe += "\\e"; break;
        case '-': safe += "\\-"; break;
        case '\'': safe += "\\(aq"; break;
        case '`': safe += "\\(ga"; break;
        default: safe += each;
        }
    }
    // A line that begins with a dot would be a request.
    return safe.starts_with('.') ? "\\&" + safe : safe;
}

std::string upper_case(std::string text)
{
    std::transform(text.begin(), text.end(), text.begin(),
        [](char each) { return each >= 'a' && each <= 'z' ? static_cast<char>(each - 'a' + 'A') : each; });
    return text;
}

/// Replaces an empty line between paragraphs by a troff request.
std::string paragraphs(const std::string& text)
{
    std::string all;
    std::size_t from = 0;
    while (from < text.size()) {
        const std::size_t end = std::min(text.find('\n', from), text.size());
        all += (from == 0 ? "" : ".PP\n") + escaped(text.substr(from, end - from)) + "\n";
        from = end + 1;
    }
    return all;
}

/// --help is described once, for the program, and left out for each command.
std::vector<const CLI::Option*> options_told(const CLI::App& command)
{
    auto options = named_options(command);
    if (command.get_parent() != nullptr) {
        std::erase(options, command.get_help_ptr());
    }
    return options;
}

std::string synopsis_of(const CLI::App& command)
{
    std::string text;
    for (const CLI::Option* each : options_told(command)) {
        const std::string name = "\\fB" + escaped(spellings_of(*each).back()) + "\\fR";
        const std::string value = takes_value(*each) ? " \\fI" + escaped(each->get_type_name()) + "\\fR" : "";
        text += each->get_required() ? " " + name + value : " [" + name + value + "]";
    }
    for (const CLI::Option* each : positional_options(command)) {
        const std::string name = "\\fI" + escaped(upper_case(each->get_name(true))) + "\\fR"
            + (each->get_items_expected_max() > 1 ? "..." : "");
        text += each->get_required() ? " " + name : " [" + name + "]";
    }
    return text;
}

std::string option_list(const CLI::App& command)
{
    std::string text;
    for (const CLI::Option* each : positional_options(command)) {
        text += ".TP\n\\fI" + escaped(upper_case(each->get_name(true))) + "\\fR\n"
            + escaped(each->get_description()) + "\n";
    }
    for (const CLI::Option* each : options_told(command)) {
        std::string names;
        for (const std::string& spelling : spellings_of(*each)) {
            names += (names.empty() ? "" : ", ") + ("\\fB" + escaped(spelling) + "\\fR");
        }
        const std::string value = takes_value(*each) ? " \\fI" + escaped(each->get_type_name()) + "\\fR" : "";
        const std::string preset = each->get_default_str();
        text += ".TP\n" + names + value + "\n" + escaped(each->get_description())
            + (preset.empty() ? "" : " (" + escaped(preset) + " if not given)") + "\n";
    }
    return text;
}

std::string command_list(const CLI::App& program)
{
    std::string text;
    visit_commands(program, [&](const CLI::App& each) {
        if (each.get_parent() != nullptr && is_leaf(each)) {
            text += ".SS \"" + escaped(path_of(each)) + "\"\n";
            text += "\\fB" + escaped(program.get_name() + " " + path_of(each)) + "\\fR" + synopsis_of(each)
                + "\n.PP\n";
            text += escaped(each.get_description()) + ".\n" + option_list(each);
        }
    });
    return text;
}

} // namespace

std::string manual_page(const CLI::App& program, const ManualFacts& facts)
{
    const std::string& name = program.get_name();
    std::string page = ".\\\" Made by `" + name + " documents man`.\n";
    page += ".TH " + upper_case(name) + " 8 \"\" \"Stonechat " + escaped(facts.version) + "\"\n";
    page += ".SH NAME\n" + escaped(name) + " \\- " + escaped(facts.summary) + "\n";
    page += ".SH SYNOPSIS\n\\fB" + escaped(name) + "\\fR" + synopsis_of(program) + " \\fICOMMAND\\fR ...\n";
    page += ".SH DESCRIPTION\n" + paragraphs(program.get_description());
    page += ".SH OPTIONS\n" + option_list(program);
    page += ".SH COMMANDS\n" + command_list(program);
    page += ".SH NOTES\n" + paragraphs(program.get_footer());
    for (const auto& [heading, text] : facts.sections) {
        page += ".SH " + escaped(upper_case(heading)) + "\n" + paragraphs(text);
    }
    page += ".SH \"SEE ALSO\"\n";
    for (std::size_t i = 0; i < facts.see_also.size(); ++i) {
        page += escaped(facts.see_also[i]) + (i + 1 < facts.see_also.size() ? ",\n" : "\n");
    }
    return page;
}

CLI::App* add_documents(CLI::App& program, ManualFacts facts)
{
    CLI::App* command = program.add_subcommand("documents", "Prints the manual page or a completion");
    command->group(""); // hidden from the list of commands
    const auto kind = std::make_shared<std::string>();
    command->add_option("kind", *kind)->required()->check(CLI::IsMember({ "man", "bash", "zsh", "fish" }));
    command->callback([&program, kind, facts = std::move(facts)] {
        if (*kind == "man") {
            std::cout << manual_page(program, facts);
        } else if (*kind == "bash") {
            std::cout << bash_completion(program);
        } else if (*kind == "zsh") {
            std::cout << zsh_completion(program);
        } else {
            std::cout << fish_completion(program);
        }
    });
    return command;
}

} // namespace stonechat::cli
