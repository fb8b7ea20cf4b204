// SPDX-License-Identifier: Apache-2.0
// Suggests an existing word for a mistyped one. Pure; any thread.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace stonechat {

/// Returns how many letters must be inserted, removed, replaced or swapped with their neighbour to turn `a`
/// into `b`.
std::size_t edit_distance(std::string_view a, std::string_view b);

/// Returns the candidate nearest to `word`, if it is near enough to be a plausible suggestion.
std::optional<std::string> nearest(std::string_view word, const std::vector<std::string>& words);

} // namespace stonechat
