// SPDX-License-Identifier: Apache-2.0
// What somebody may have meant who wrote a word that does not exist. Pure; any thread.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace stonechat {

/// Letters to insert, remove, replace or swap with their neighbour to make `b` of `a`.
std::size_t edit_distance(std::string_view a, std::string_view b);

/// The word nearest to `word`, if one is near enough to be what was meant.
std::optional<std::string> nearest(std::string_view word, const std::vector<std::string>& words);

} // namespace stonechat
