// SPDX-License-Identifier: Apache-2.0
// Where the time at which somebody was last active is kept (XEP-0012): the module that keeps it, and
// administrators who ask for it, must mean the same.
#pragma once

#include <charconv>
#include <cstdint>
#include <optional>
#include <string_view>

namespace stonechat {

/// The store of the module; in it, what was seen under this key.
constexpr const char* last_activity_store = "last_activity";
constexpr const char* last_seen_key = "";

/// The seconds since 1970 in what is kept there: they come first, then a line end. Nothing if there are none.
inline std::optional<std::int64_t> last_seen_in(std::string_view kept)
{
    std::int64_t seconds = 0;
    std::from_chars(kept.data(), kept.data() + kept.size(), seconds);
    return seconds > 0 ? std::optional(seconds) : std::nullopt;
}

} // namespace stonechat
