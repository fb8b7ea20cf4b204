// SPDX-License-Identifier: Apache-2.0
// The tokens by which a text is found. Words of letters and digits, in the form that upper and lower case,
// compatible characters and the accents of Latin and Greek do not change ("Straße" is "strasse"). Scripts
// that put no spaces between words (Chinese, Japanese, Thai and others) give pairs of neighbouring
// characters, so that whatever is part of a sentence is found in it. An emoji is a token. Pure, any thread.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace stonechat {

enum class SearchSide {
    text,  ///< what is searched
    query, ///< a phrase that is searched for; its last token may be the beginning of one
};

/// In their order. A run of characters without spaces ends in its last character alone, unless it is the end
/// of a query. What is no UTF-8 separates words.
std::vector<std::string> search_tokens(std::string_view text, SearchSide side);

/// Whether this token is one character of a script without spaces, which is found by what it begins.
bool is_single_unspaced(std::string_view token);

} // namespace stonechat
