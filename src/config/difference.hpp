// SPDX-License-Identifier: Apache-2.0
// What differs between two configurations, and which of it a reload can apply. Pure; any thread.
#pragma once

#include "config/effective.hpp"

#include <string>
#include <vector>

namespace stonechat {

struct SettingChange {
    std::string path;
    std::string from; ///< empty: was not there
    std::string to;   ///< empty: is no longer there
    SettingSpec::Heat heat = SettingSpec::Heat::cold;

    friend bool operator==(const SettingChange&, const SettingChange&) = default;
};

/// The changes that lead from `running` to `wanted`. What comes or goes as a whole is cold.
std::vector<SettingChange> difference(const std::vector<EffectiveSetting>& running,
    const std::vector<EffectiveSetting>& wanted);

/// `running` with the hot keys of `wanted`: what a server has after a reload. Cold keys, listeners
/// and the sets of hosts and modules stay as they are.
Settings with_hot_changes(const Schema& schema, const Settings& running, const Settings& wanted);

} // namespace stonechat
