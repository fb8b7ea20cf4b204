// SPDX-License-Identifier: Apache-2.0
// What a good configuration does not tell: whether the files, ports and certificates that it names will do.
// Looked at without changing anything, with the eyes of the user that the server will be.
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

/// Everything that is to be said about a server with these settings. `running` is what the one has that runs
/// with them now, empty if none does: its ports are not taken by somebody else.
std::vector<Finding> look_at_surroundings(const Settings& settings,
    const std::vector<EffectiveSetting>& running);

} // namespace stonechat
