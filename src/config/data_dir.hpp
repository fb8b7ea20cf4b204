// SPDX-License-Identifier: Apache-2.0
// Finds the data folder that a configuration names, for programs that need nothing else of it. The rest of
// the configuration may have problems. Pure, except that it reads the file.
#pragma once

#include <optional>
#include <string>

namespace stonechat {

/// Returns the absolute `data_dir` of `file`, or the default if the file names none; nothing if the file
/// cannot be read.
std::optional<std::string> data_dir_of(const std::string& file);

} // namespace stonechat
