// SPDX-License-Identifier: Apache-2.0
// ConfigProblem: one problem of a configuration: message, place and suggestion. A value.
#pragma once

#include <compare>
#include <string>

namespace stonechat {

struct ConfigProblem {
    std::string file;
    unsigned line = 0;   ///< from 1; 0 = the file as a whole
    unsigned column = 0; ///< from 1
    std::string message;
    std::string suggestion; ///< may be empty

    friend bool operator==(const ConfigProblem&, const ConfigProblem&) = default;
};

/// Returns `FILE:LINE:COLUMN: message; suggestion`.
std::string to_text(const ConfigProblem& problem);

} // namespace stonechat
