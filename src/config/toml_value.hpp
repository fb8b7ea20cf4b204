// SPDX-License-Identifier: Apache-2.0
// One value of the file: from TOML's few types to the type that its key declares, and the words to say so
// when it is another. Pure functions; nothing of toml++ is seen beyond this folder.
#pragma once

#include "config/settings.hpp"

#include <toml++/toml.h>

#include <optional>
#include <string_view>

namespace stonechat {

/// What `node` is, in the words of an operator: "a number".
std::string_view type_name(const toml::node& node);

/// What a key of `kind` must be: "a whole number".
std::string_view wanted_type(SettingSpec::Kind kind);

/// The value of `node` if it has the type that `spec` asks for; bounds are not looked at.
std::optional<SettingSpec::Value> typed_value(const toml::node& node, const SettingSpec& spec);

/// `value` has the type that `spec` asks for; is it small and large enough, or one of the choices?
bool is_within_bounds(const SettingSpec& spec, const SettingSpec::Value& value);

} // namespace stonechat
