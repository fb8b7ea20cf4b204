// SPDX-License-Identifier: Apache-2.0
// index_of: where a name stands in a table of names, which is how names of a standard become numbers of
// an enumeration.
#pragma once

#include <algorithm>
#include <array>
#include <cstddef>
#include <optional>
#include <string_view>

namespace stonechat {

/// Nothing when `names` does not have it.
template <std::size_t count>
std::optional<std::size_t> index_of(const std::array<std::string_view, count>& names, std::string_view name)
{
    const auto found = std::find(names.begin(), names.end(), name);
    return found == names.end() ? std::nullopt : std::optional<std::size_t>(found - names.begin());
}

} // namespace stonechat
