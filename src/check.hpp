// SPDX-License-Identifier: Apache-2.0
// `stonechat check`: the effective configuration, and what differs from the server that runs with it.
#pragma once

#include <string>

namespace stonechat {

/// The exit code: 0 if the configuration is good.
int check(const std::string& config_file, bool as_json);

} // namespace stonechat
