// SPDX-License-Identifier: Apache-2.0
// Reads the [[host]] sections with their modules, and [modules.NAME], which holds for every host. In the
// result, names and admins are prepared addresses, certificate paths are absolute, and only modules are
// listed that are enabled and have the modules that they need.
#pragma once

#include "config/section_reader.hpp"

namespace stonechat {

/// `data_dir` is the folder of certificates that no setting names.
std::vector<HostSettings> read_hosts(SectionReader& reader, const toml::table& root,
    const std::string& data_dir);

} // namespace stonechat
