// SPDX-License-Identifier: Apache-2.0
// Where the time of last activity (XEP-0012) is stored: shared by the module that stores it and the commands
// of administrators that read it.
#pragma once

#include <charconv>
#include <cstdint>
#include <optional>
#include <string_view>

namespace stonechat {

/// The keyval store of the module and the key of the time.
constexpr const char* last_activity_store = "last_activity";
constexpr const char* last_seen_key = "";

/// Parses the stored value, which begins with the seconds since 1970 and a line end. Nullopt if there are
/// none.
inline std::optional<std::int64_t> last_seen_in(std::string_view kept)
{
    std::int64_t seconds = 0;
    std::from_chars(kept.data(), kept.data() + kept.size(), seconds);
    return seconds > 0 ? std::optional(seconds) : std::nullopt;
}

} // namespace stonechat
