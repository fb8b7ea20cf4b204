// SPDX-License-Identifier: Apache-2.0
// Reads and writes date and time (XEP-0082). Pure.
#pragma once

#include "base/clock.hpp"

#include <optional>
#include <string>
#include <string_view>

namespace stonechat {

/// Returns `2026-02-13T23:31:30Z`, or with milliseconds `…30.123Z`. Always UTC.
std::string to_datetime(WallTime time, bool milliseconds = false);

/// Reads a DateTime in any offset, with any number of fractional digits. Returns nothing for other
/// text.
std::optional<WallTime> parse_datetime(std::string_view text);

} // namespace stonechat
