// SPDX-License-Identifier: Apache-2.0
// StoragePolicy: whether a message is kept until its recipient has it, and whether it goes into the archives
// of sender and recipient. One table, by the content of the message (XEP-0160 §3, XEP-0313 §5.1, XEP-0334
// §4). Pure.
#pragma once

#include "xmpp/stanza.hpp"

namespace stonechat {

enum class StoragePolicy {
    nothing,         ///< not kept, useful only now: chat states, headlines, no-store
    until_delivered, ///< kept in the mailbox or queue until delivered, not archived: no-permanent-store
    archived,        ///< kept until delivered, and in the archives
};

StoragePolicy storage_policy_of(const Message& message);
/// The same by content alone, whatever the message type: for a room, which has an archive of its own.
StoragePolicy storage_policy_in_room(const Message& message);

/// Whether the message has a body that is text for people, not the notice beside a ciphertext (XEP-0380).
bool is_searchable(const Element& message);

} // namespace stonechat
