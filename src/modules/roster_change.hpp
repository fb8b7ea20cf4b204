// SPDX-License-Identifier: Apache-2.0
// The consequences of a roster change, for the two modules that change rosters: storing it, roster pushes
// (RFC 6121 section 2.1.6), and the presence that a contact gets when a subscription begins or ends
// (sections 3.1.5, 3.2.2, 3.3.3). Called on the user's home shard.
#pragma once

#include "base/task.hpp"
#include "router/host.hpp"
#include "router/store_errors.hpp"
#include "storage/storage.hpp"
#include "xmpp/stanza_error.hpp"

namespace stonechat {

/// Stores the changed record, then puts it into the user's roster, with a new version if clients can see the
/// change. Removes a record that has nothing left to keep. The caller holds the roster's change_mutex().
Task<Result<Done, StoreError>> store_change(std::shared_ptr<User> user, RosterRecord changed);

/// Sends a roster push to all interested resources: the changed item, or its removal (§2.1.6, §2.5.2).
void push_item(const User& user, const RosterRecord& record);
void push_removal(const User& user, const Jid& contact);

/// Sends the contact the presence of each available resource.
void send_presence(const User& user, const Jid& contact);
/// Sends the contact unavailable presence from each available resource.
void send_unavailable(const User& user, const Jid& contact);

/// Returns whether the roster would exceed its limits on contacts or bytes if `before` became `after`.
/// `limits` are the module's settings. A roster that exceeds them already may still be made smaller. Waiting
/// subscription requests are not counted.
bool has_no_room(const Roster& roster, const RosterRecord& before, const RosterRecord& after,
    const Section& limits);

} // namespace stonechat
