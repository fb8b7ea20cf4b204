// SPDX-License-Identifier: Apache-2.0
// The version of this Stonechat.
#pragma once

#include <string_view>

namespace stonechat {

inline constexpr std::string_view build_version = "0.1.0";

} // namespace stonechat
