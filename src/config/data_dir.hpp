// SPDX-License-Identifier: Apache-2.0
// Where a configuration says that the data lies, for programs that know no more of it than that: it
// need not be free of problems. Pure but for reading the file.
#pragma once

#include <optional>
#include <string>

namespace stonechat {

/// The absolute `data_dir` of `file`, the default if it names none; nothing if the file cannot be read.
std::optional<std::string> data_dir_of(const std::string& file);

} // namespace stonechat
