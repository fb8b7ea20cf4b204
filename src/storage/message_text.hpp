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

/// A word that somebody searches for, as the index sees it (xmpp/search_text): what its tokens are, one
/// behind the other.
struct SearchTerm {
    std::string word;
    std::vector<std::string> tokens; ///< at least one
    bool is_prefix = false;          ///< also finds what it begins
};

/// The words of a search that have tokens: runs of letters and digits, so that nothing else of what was typed
/// gets any further; in lower case as far as ASCII goes; of the first 32. The last word, if it is not too
/// short, finds what it begins, and so does each that ends in a single character of a script without spaces.
std::vector<SearchTerm> search_terms(std::string_view text);

} // namespace stonechat
