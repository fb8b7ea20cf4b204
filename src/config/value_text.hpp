// SPDX-License-Identifier: Apache-2.0
// Reads and writes values of a configuration: sizes ("256 KiB"), durations ("10 min"), and any value as TOML.
// A value that was written is read back as the same value. Pure; any thread.
#pragma once

#include "config/settings.hpp"

#include <optional>
#include <string>
#include <string_view>

namespace stonechat {

/// Reads "512", "512 B", "256 KiB", "16 MiB" or "2 GiB" as bytes; returns nothing for other text.
std::optional<std::int64_t> parse_bytes(std::string_view text);
std::string print_bytes(std::int64_t bytes);

/// Reads "250 ms", "30 s", "10 min", "2 h" or "7 days"; returns nothing for other text.
std::optional<std::int64_t> parse_duration(std::string_view text);
std::string print_duration(std::int64_t milliseconds);

/// Returns a TOML basic string with its quotes.
std::string quote_toml(std::string_view text);
/// Returns a value as it is written after `key = `.
std::string print_value(const SettingSpec& spec, const SettingSpec::Value& value);
/// Describes what `spec` allows, for people: "between 1 and 10", "one of …"; empty if there are no bounds.
std::string print_bounds(const SettingSpec& spec);

} // namespace stonechat
