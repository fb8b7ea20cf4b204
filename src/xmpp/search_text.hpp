// SPDX-License-Identifier: Apache-2.0
// Splits a text into the tokens by which search finds it. A word of letters and digits is a token, in a form
// without differences of case, compatible characters, and accents of Latin and Greek ("Straße" is "strasse").
// In scripts without spaces between words (Chinese, Japanese, Thai and others), each pair of neighbouring
// characters is a token, so that search finds any part of a sentence. An emoji is a token. Pure, any thread.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace stonechat {

enum class SearchSide {
    text,  ///< a text that is searched
    query, ///< a phrase to search for; its last token may be the beginning of a word
};

/// Returns the tokens in order. A run of a script without spaces ends with its last character as a token of
/// its own, unless it is the end of a query. Bytes that are not UTF-8 separate words.
std::vector<std::string> search_tokens(std::string_view text, SearchSide side);

/// Returns whether this token is one character of a script without spaces, which matches tokens that begin
/// with it.
bool is_single_unspaced(std::string_view token);

} // namespace stonechat
