// SPDX-License-Identifier: Apache-2.0
// Reads a configuration (TOML) and checks it against the schema. All problems are reported at once;
// with any problem there are no settings. What comes out is complete: defaults are filled in, sizes
// and durations are numbers, paths are absolute, domains and addresses are prepared.
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

/// Reads `file`. Relative paths in it are relative to the folder it lies in.
LoadedSettings load_settings(const Schema& schema, const std::string& file);

/// The same from text, as if it had been read from `file`.
LoadedSettings parse_settings(const Schema& schema, std::string_view text, const std::string& file);

} // namespace stonechat
