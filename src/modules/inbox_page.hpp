// SPDX-License-Identifier: Apache-2.0
// The query of an inbox (XEP-0430 §3.1), and the page of conversations that answers it (XEP-0059). Pure.
#pragma once

#include "base/result.hpp"
#include "storage/message_store.hpp"
#include "xmpp/element.hpp"
#include "xmpp/jid.hpp"
#include "xmpp/result_set.hpp"
#include "xmpp/stanza_error.hpp"

#include <cstddef>
#include <optional>
#include <vector>

namespace stonechat {

struct InboxQuery {
    bool unread_only = false; ///< only conversations with unread messages
    bool messages = true;     ///< the last message of each conversation is wanted
    std::size_t limit = 50;   ///< conversations in a page
    bool from_the_end = false;
    std::optional<MessageId> after;  ///< older than this: the list begins with the newest
    std::optional<MessageId> before; ///< newer than this
};

/// Parses `<inbox/>`. Returns the error to answer with if it is invalid.
Result<InboxQuery, StanzaError> read_inbox_query(const Element& inbox);

struct InboxEntry {
    Jid jid; ///< of the contact or room
    MessageId newest = 0;
    std::size_t unread = 0;
    std::optional<Element> result; ///< the last message, as an archive result (XEP-0313), if known already
};

/// Returns `<entry/>`.
Element to_inbox_entry(const InboxEntry& entry);

struct InboxPage {
    std::vector<InboxEntry> entries;
    Element fin; ///< its counts are about the whole inbox
};

/// Returns the page of `entries`, which are in any order.
InboxPage inbox_page(std::vector<InboxEntry> entries, const InboxQuery& query);

} // namespace stonechat
