// SPDX-License-Identifier: Apache-2.0
// How values are written in a configuration: sizes ("256 KiB"), durations ("10 min"), and any value
// as TOML. Reading what was printed gives the same value. Pure; any thread.
#pragma once

#include "config/settings.hpp"

#include <optional>
#include <string>
#include <string_view>

namespace stonechat {

/// "512", "512 B", "256 KiB", "16 MiB", "2 GiB" as bytes; nothing if it is none of these.
std::optional<std::int64_t> parse_bytes(std::string_view text);
std::string print_bytes(std::int64_t bytes);

/// "250 ms", "30 s", "10 min", "2 h", "7 days" as milliseconds; nothing if it is none of these.
std::optional<std::int64_t> parse_duration(std::string_view text);
std::string print_duration(std::int64_t milliseconds);

/// A TOML basic string with its quotes.
std::string quote_toml(std::string_view text);
/// A value as it stands behind `key = `.
std::string print_value(const SettingSpec& spec, const SettingSpec::Value& value);
/// "between 1 and 10", "one of …": what `spec` allows, for people; empty if there are no bounds.
std::string print_bounds(const SettingSpec& spec);

} // namespace stonechat
