// SPDX-License-Identifier: Apache-2.0
// Mentions: finds names in the text of messages. Pure.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace stonechat {

/// A text that is prepared once and searched for many names. Text and names are UTF-8.
class Mentions {
public:
    explicit Mentions(std::string_view text);
    Mentions(const Mentions&) = delete;
    Mentions& operator=(const Mentions&) = delete;

    /// Returns whether the text has `name` as a whole word (or words); the case of ASCII letters does not
    /// matter. Words end at spaces, at punctuation of any script, and beside scripts that are written without
    /// spaces (Unicode annex 29). False for an empty name.
    bool has(std::string_view name) const;

private:
    std::string text_;                     ///< in lower case
    std::vector<std::string_view> pieces_; ///< the words of text_ and each character between them, sorted
};

} // namespace stonechat
