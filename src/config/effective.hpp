// SPDX-License-Identifier: Apache-2.0
// The effective configuration as a flat list of keys and values. `stonechat check` prints it, the control
// socket sends it, and difference.hpp compares two of them. Pure.
#pragma once

#include "config/schema.hpp"
#include "config/settings.hpp"

#include <string>
#include <vector>

namespace stonechat {

struct EffectiveSetting {
    std::string path;  ///< "c2s.stanza_bytes", "listen.2.port", "host.localhost.offline.messages"
    std::string value; ///< as in TOML
    SettingSpec::Heat heat = SettingSpec::Heat::cold;
    bool is_default = false;

    friend bool operator==(const EffectiveSetting&, const EffectiveSetting&) = default;
};

/// Returns every key of `settings`, in the order of the schema.
std::vector<EffectiveSetting> effective_settings(const Schema& schema, const Settings& settings);

} // namespace stonechat
