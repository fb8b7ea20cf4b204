// SPDX-License-Identifier: Apache-2.0
// Checks what a valid configuration cannot guarantee: whether its files, ports and certificates are usable.
// Changes nothing, and looks with the rights of the user that the server will have.
#pragma once

#include "config/effective.hpp"
#include "config/settings.hpp"

#include <string>
#include <vector>

namespace stonechat {

struct Finding {
    bool is_fatal;    ///< the server would not start
    std::string text; ///< a sentence
};

/// Returns all findings for a server with these settings. `running` has the settings of the server now
/// running in this data_dir, empty if there is none: its ports do not count as taken.
std::vector<Finding> look_at_surroundings(const Settings& settings,
    const std::vector<EffectiveSetting>& running);

} // namespace stonechat
