// SPDX-License-Identifier: Apache-2.0
// How the groups of a roster item are kept in one column: for each, its length in four bytes, the
// lowest first, and then its text. Pure.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace stonechat::sqlite {

std::string encode_groups(const std::vector<std::string>& groups);

/// Nothing if `bytes` was not made by `encode_groups`.
std::optional<std::vector<std::string>> decode_groups(std::string_view bytes);

} // namespace stonechat::sqlite
