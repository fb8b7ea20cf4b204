// SPDX-License-Identifier: Apache-2.0
// Compares two configurations and says which differences a reload can apply. Pure; any thread.
#pragma once

#include "config/effective.hpp"

#include <string>
#include <vector>

namespace stonechat {

struct SettingChange {
    std::string path;
    std::string from; ///< empty: the key is new
    std::string to;   ///< empty: the key was removed
    SettingSpec::Heat heat = SettingSpec::Heat::cold;

    friend bool operator==(const SettingChange&, const SettingChange&) = default;
};

/// Returns the changes that lead from `running` to `wanted`. A listener, host or module that is added or
/// removed is cold.
std::vector<SettingChange> difference(const std::vector<EffectiveSetting>& running,
    const std::vector<EffectiveSetting>& wanted);

/// Returns the settings after a reload: `running` with the hot keys of `wanted`. Cold keys, listeners and the
/// sets of hosts and modules do not change.
Settings with_hot_changes(const Schema& schema, const Settings& running, const Settings& wanted);

} // namespace stonechat
