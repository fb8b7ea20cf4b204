// SPDX-License-Identifier: Apache-2.0
// The [[host]] sections with the modules inside them, and [modules.NAME] for what holds on every host: names
// and admins prepared as addresses, certificate files found, only modules that are on and have what they
// need.
#pragma once

#include "config/section_reader.hpp"

namespace stonechat {

/// `data_dir` is where certificates lie that are named nowhere.
std::vector<HostSettings> read_hosts(SectionReader& reader, const toml::table& root,
    const std::string& data_dir);

} // namespace stonechat
