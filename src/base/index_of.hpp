// SPDX-License-Identifier: Apache-2.0
// index_of: finds a name in a table of names. Used to convert the names of a standard into the values of an
// enumeration.
#pragma once

#include <algorithm>
#include <array>
#include <cstddef>
#include <optional>
#include <string_view>

namespace stonechat {

/// Returns the index of `name` in `names`; nothing if it is not there.
template <std::size_t count>
std::optional<std::size_t> index_of(const std::array<std::string_view, count>& names, std::string_view name)
{
    const auto found = std::find(names.begin(), names.end(), name);
    return found == names.end() ? std::nullopt : std::optional<std::size_t>(found - names.begin());
}

} // namespace stonechat
