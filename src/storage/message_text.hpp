// SPDX-License-Identifier: Apache-2.0
// What the stores look at inside a stored stanza, and how the words of a search are read. Both
// backends share it. Pure, any thread.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace stonechat {

/// The text of all its bodies; empty if there is none, or if it cannot be read.
std::string body_of(std::string_view xml);

/// The bare address of its sender; empty if there is none.
std::string bare_sender_of(std::string_view xml);

/// Whether the stanza's id, or its origin-id (XEP-0359), is `id`.
bool has_message_id(std::string_view xml, std::string_view id);

/// The words that somebody searches for: runs of letters and digits, so that nothing else of what was
/// typed gets any further. In lower case as far as ASCII goes; the first 32.
std::vector<std::string> search_words(std::string_view text);

/// Whether the last word of a search also finds what it begins.
inline bool is_prefix_word(std::string_view word)
{
    return word.size() >= 3;
}

} // namespace stonechat
