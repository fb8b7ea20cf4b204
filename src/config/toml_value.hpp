// SPDX-License-Identifier: Apache-2.0
// Converts one TOML value to the type that its key declares, and names types in error messages. Pure
// functions; only this folder uses toml++.
#pragma once

#include "config/settings.hpp"

#include <toml++/toml.h>

#include <optional>
#include <string_view>

namespace stonechat {

/// Names the type of `node` for administrators: "a number".
std::string_view type_name(const toml::node& node);

/// Names the type that a key of `kind` requires: "a whole number".
std::string_view wanted_type(SettingSpec::Kind kind);

/// Returns the value of `node` if it has the type that `spec` requires. Does not check bounds.
std::optional<SettingSpec::Value> typed_value(const toml::node& node, const SettingSpec& spec);

/// Returns whether `value`, which has the type that `spec` requires, is within the bounds or one of the
/// choices.
bool is_within_bounds(const SettingSpec& spec, const SettingSpec::Value& value);

} // namespace stonechat
