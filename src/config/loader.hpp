// SPDX-License-Identifier: Apache-2.0
// Reads a configuration (TOML) and checks it against the schema. All problems are reported at once; if there
// is any, no settings are returned. The settings are complete: defaults are filled in, sizes and durations
// are numbers, paths are absolute, domains and addresses are prepared.
#pragma once

#include "base/result.hpp"
#include "config/problem.hpp"
#include "config/schema.hpp"
#include "config/settings.hpp"

#include <string>
#include <string_view>
#include <vector>

namespace stonechat {

using LoadedSettings = Result<Settings, std::vector<ConfigProblem>>;

/// Reads `file`. Relative paths start at the folder of the file.
LoadedSettings load_settings(const Schema& schema, const std::string& file);

/// Does the same with a text, as if it had been read from `file`.
LoadedSettings parse_settings(const Schema& schema, std::string_view text, const std::string& file);

} // namespace stonechat
