// SPDX-License-Identifier: Apache-2.0
// XEP-0430 §4: how many messages of a conversation are unread. A message is read if its reader has marked it
// (XEP-0333) or a later one, or has written a later one. Pure.
#pragma once

#include "xmpp/element.hpp"

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

namespace stonechat {

/// Returns whether a stored message is something to read: a text or a ciphertext that does not change an
/// earlier message (XEP-0308, XEP-0424, XEP-0444).
bool is_instant_message(const Element& message);

/// Counts while the conversation is gone through from its newest message to older ones.
class UnreadCounter {
public:
    /// Counts `message` if it is unread. `is_own`: the reader has sent it; `archive_id`: its id in the
    /// archive, which markers in rooms name (XEP-0333). Returns false if all older messages are read, so that
    /// the count is complete.
    bool take(const Element& message, bool is_own, std::uint64_t archive_id);

    std::size_t count() const { return count_; }

private:
    bool is_marked(const Element& message, std::uint64_t archive_id) const;

    std::size_t count_ = 0;
    std::vector<std::string> marked_; ///< message ids in the reader's markers
};

} // namespace stonechat
