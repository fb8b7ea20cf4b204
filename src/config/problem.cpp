// SPDX-License-Identifier: Apache-2.0
#include "config/problem.hpp"

namespace stonechat {

std::string to_text(const ConfigProblem& problem)
{
    std::string text = problem.file;
    if (problem.line != 0) {
        text += ":" + std::to_string(problem.line) + ":" + std::to_string(problem.column);
    }
    text += ": " + problem.message;
    return problem.suggestion.empty() ? text : text + "; " + problem.suggestion;
}

} // namespace stonechat
