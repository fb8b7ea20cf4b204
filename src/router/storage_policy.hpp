// SPDX-License-Identifier: Apache-2.0
// StoragePolicy: whether a message is worth keeping for its recipient until he has it, or for both in their
// archives. One table, by what it carries (XEP-0160 §3, XEP-0313 §5.1, XEP-0334 §4). Pure.
#pragma once

#include "xmpp/stanza.hpp"

namespace stonechat {

enum class StoragePolicy {
    nothing,         ///< of use now or never: chat states, headlines, no-store
    until_delivered, ///< for who is away, but not in an archive: no-permanent-store
    archived,        ///< both
};

StoragePolicy storage_policy_of(const Message& message);
/// The same by what it carries alone: for a room, which has an archive of its own.
StoragePolicy storage_policy_in_room(const Message& message);

/// It has a body, and that is text for people and not the notice beside a ciphertext (XEP-0380).
bool is_searchable(const Element& message);

} // namespace stonechat
