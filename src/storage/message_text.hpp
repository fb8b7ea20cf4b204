// SPDX-License-Identifier: Apache-2.0
// What the stores read from a stored stanza, and how search text is split into terms. Used by both backends.
// Pure, any thread.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace stonechat {

/// Returns the text of all bodies; empty if the stanza has none or cannot be parsed.
std::string body_of(std::string_view xml);

/// Returns the bare address of the sender; empty if there is none.
std::string bare_sender_of(std::string_view xml);

/// Returns whether the stanza's id or its origin-id (XEP-0359) is `id`.
bool has_message_id(std::string_view xml, std::string_view id);

/// A word of a search, with the tokens that the index makes of it (xmpp/search_text), in order.
struct SearchTerm {
    std::string word;
    std::vector<std::string> tokens; ///< at least one
    bool is_prefix = false;          ///< also matches words that begin with it
};

/// Returns the terms of a search: runs of letters and digits that have tokens, in lower case (ASCII only),
/// from the first 32 words. Other characters never reach the index query. The last word, if it is not too
/// short, also matches as a prefix; so does every word that ends in a single character of a script without
/// spaces.
std::vector<SearchTerm> search_terms(std::string_view text);

} // namespace stonechat
