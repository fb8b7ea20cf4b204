// SPDX-License-Identifier: Apache-2.0
// Mentions: names in what people write to each other. Pure.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace stonechat {

/// A text, read once, that is asked for many names. In UTF-8, as the names are.
class Mentions {
public:
    explicit Mentions(std::string_view text);
    Mentions(const Mentions&) = delete;
    Mentions& operator=(const Mentions&) = delete;

    /// Whether the text has `name` as a word (or words) of its own, in any case of ASCII letters. Words end
    /// at spaces, at punctuation of any script, and beside scripts that are written without spaces (Unicode
    /// annex 29). An empty name is nowhere.
    bool has(std::string_view name) const;

private:
    std::string text_;                     ///< in lower case
    std::vector<std::string_view> pieces_; ///< of text_, sorted: its words, and each character between them
};

} // namespace stonechat
