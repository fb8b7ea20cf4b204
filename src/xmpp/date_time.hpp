// SPDX-License-Identifier: Apache-2.0
// Date and time as XMPP writes them (XEP-0082). Pure.
#pragma once

#include "base/clock.hpp"

#include <optional>
#include <string>
#include <string_view>

namespace stonechat {

/// `2026-02-13T23:31:30Z`, or with milliseconds `…30.123Z`. Always UTC.
std::string to_datetime(WallTime time, bool milliseconds = false);

/// Reads a DateTime in any offset, with any number of fractional digits. Nothing if it is none.
std::optional<WallTime> parse_datetime(std::string_view text);

} // namespace stonechat
