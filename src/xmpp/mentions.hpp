// SPDX-License-Identifier: Apache-2.0
// Mentions: finds names in the text of messages, and the addresses that a message refers to. Pure.
#pragma once

#include "xmpp/element.hpp"
#include "xmpp/jid.hpp"

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

/// Whom a message refers to by address: the users or occupants whom it mentions (XEP-0372 §3.2), and the
/// author of the message to which it replies (XEP-0461).
class MentionedAddresses {
public:
    explicit MentionedAddresses(const Element& message);

    /// Returns whether one of the addresses belongs to the account `user`.
    bool has_user(const Jid& user) const;
    /// Returns whether the occupant `nick` of `room` (bare) is mentioned.
    bool has_occupant(const Jid& room, std::string_view nick) const;

private:
    std::vector<std::string> addresses_;      ///< sorted
    std::vector<std::string> bare_addresses_; ///< the same without resources, sorted
};

} // namespace stonechat
