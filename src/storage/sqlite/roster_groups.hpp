// SPDX-License-Identifier: Apache-2.0
// Encoding of a roster item's groups in one column: for each group its length in four bytes, lowest byte
// first, then its text. Pure.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace stonechat::sqlite {

std::string encode_groups(const std::vector<std::string>& groups);

/// Returns nothing if `bytes` was not made by `encode_groups`.
std::optional<std::vector<std::string>> decode_groups(std::string_view bytes);

} // namespace stonechat::sqlite
