// SPDX-License-Identifier: Apache-2.0
// Names in what people write to each other. Pure.
#pragma once

#include <string_view>

namespace stonechat {

/// Whether `text` has `name` as a word of its own, in any case of ASCII letters. Words end at spaces, at
/// punctuation of any script, and beside scripts that are written without spaces (Unicode annex 29). Both are
/// UTF-8; an empty name is nowhere.
bool mentions(std::string_view text, std::string_view name);

} // namespace stonechat
