// SPDX-License-Identifier: Apache-2.0
// Completions. Each script reads the words before the cursor to find their command, and offers the words that
// may follow it. It offers files where a value is expected.
#include "cli/commands.hpp"
#include "cli/documents.hpp"

#include <algorithm>

namespace stonechat::cli {
namespace {

/// Returns the words that may follow a command.
struct Choice {
    std::string word;
    std::string meaning;
};

std::vector<Choice> choices_after(const CLI::App& command)
{
    std::vector<Choice> choices;
    for (const CLI::App* each : subcommands_of(command)) {
        choices.push_back({ each->get_name(), each->get_description() });
    }
    for (const CLI::Option* each : named_options(command)) {
        choices.push_back({ spellings_of(*each).back(), each->get_description() });
    }
    return choices;
}

/// Returns a text in single quotes for a shell.
std::string shell_quoted(const std::string& text)
{
    std::string quoted = "'";
    for (const char each : text) {
        quoted += each == '\'' ? std::string("'\\''") : std::string(1, each);
    }
    return quoted + "'";
}

/// Returns the paths of all commands as patterns of `case`: 'user' | 'user add'.
std::string path_patterns(const CLI::App& program)
{
    std::string patterns;
    visit_commands(program, [&patterns](const CLI::App& each) {
        if (each.get_parent() != nullptr) {
            patterns += (patterns.empty() ? "" : " | ") + shell_quoted(path_of(each));
        }
    });
    return patterns;
}

/// Returns the options of all commands that take a value, as patterns of `case`.
std::string value_patterns(const CLI::App& program)
{
    std::vector<std::string> words;
    visit_commands(program, [&words](const CLI::App& each) {
        for (const CLI::Option* option : named_options(each)) {
            if (takes_value(*option)) {
                const auto spellings = spellings_of(*option);
                words.insert(words.end(), spellings.begin(), spellings.end());
            }
        }
    });
    std::sort(words.begin(), words.end());
    words.erase(std::unique(words.begin(), words.end()), words.end());
    std::string patterns;
    for (const std::string& each : words) {
        patterns += (patterns.empty() ? "" : " | ") + each;
    }
    return patterns;
}

std::string function_of(const CLI::App& program)
{
    return "_" + program.get_name();
}

/// Returns the branches of `case` for all commands; `line` writes one branch.
template <class Line> std::string cases(const CLI::App& program, Line line)
{
    std::string text;
    visit_commands(program, [&](const CLI::App& each) {
        text += "    " + shell_quoted(path_of(each)) + ") " + line(choices_after(each)) + " ;;\n";
    });
    return text;
}

std::string made_by(const CLI::App& program, const std::string& shell)
{
    return "# Made by `" + program.get_name() + " documents " + shell + "`.\n";
}

} // namespace

std::string bash_completion(const CLI::App& program)
{
    const auto words = [](const std::vector<Choice>& choices) {
        std::string list;
        for (const Choice& each : choices) {
            list += (list.empty() ? "" : " ") + each.word;
        }
        return "words=" + shell_quoted(list);
    };
    return made_by(program, "bash") + function_of(program) + R"(()
{
    local at='' word words='' i
    COMPREPLY=()
    case ${COMP_WORDS[COMP_CWORD - 1]} in
    )" + value_patterns(program)
        + R"() return ;;
    esac
    for ((i = 1; i < COMP_CWORD; i++)); do
        word="${at:+$at }${COMP_WORDS[i]}"
        case $word in
        )"
        + path_patterns(program) + R"() at=$word ;;
        esac
    done
    case $at in
)" + cases(program, words)
        + R"(    esac
    while read -r word; do
        [[ -z $word ]] || COMPREPLY+=("$word")
    done < <(compgen -W "$words" -- "${COMP_WORDS[COMP_CWORD]}")
}
complete -o default -F )"
        + function_of(program) + " " + program.get_name() + "\n";
}

std::string zsh_completion(const CLI::App& program)
{
    const auto described = [](const std::vector<Choice>& choices) {
        std::string list;
        for (const Choice& each : choices) {
            list += " " + shell_quoted(each.word + ":" + each.meaning);
        }
        return "choices=(" + list + " )";
    };
    return "#compdef " + program.get_name() + "\n" + made_by(program, "zsh") + R"(local at='' word
local -a choices
case $words[CURRENT-1] in
)" + value_patterns(program)
        + R"() _files; return ;;
esac
for word in $words[2,CURRENT-1]; do
    word="${at:+$at }$word"
    case $word in
    )" + path_patterns(program)
        + R"() at=$word ;;
    esac
done
case $at in
)" + cases(program, described)
        + R"(esac
_describe command choices || _files
)";
}

std::string fish_completion(const CLI::App& program)
{
    const std::string& name = program.get_name();
    const std::string at = "__fish_" + name + "_at";
    std::string text = made_by(program, "fish") + "function " + at + R"(
    set -l at ''
    for word in (commandline -opc)[2..]
        set -l longer (string trim -- "$at $word")
        contains -- "$longer")";
    visit_commands(program, [&text](const CLI::App& each) {
        text += each.get_parent() == nullptr ? "" : " " + shell_quoted(path_of(each));
    });
    text += "; and set at $longer\n    end\n    test \"$at\" = \"$argv\"\nend\n";
    visit_commands(program, [&](const CLI::App& command) {
        const std::string here = "complete -c " + name + " -n " + shell_quoted(at + " " + path_of(command));
        for (const CLI::App* each : subcommands_of(command)) {
            text += here + " -f -a " + each->get_name() + " -d " + shell_quoted(each->get_description())
                + "\n";
        }
        for (const CLI::Option* each : named_options(command)) {
            for (const std::string& long_name : each->get_lnames()) {
                text += here + " -l " + long_name + (takes_value(*each) ? " -r" : "") + " -d "
                    + shell_quoted(each->get_description()) + "\n";
            }
        }
    });
    return text;
}

} // namespace stonechat::cli
