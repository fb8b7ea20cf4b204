// SPDX-License-Identifier: Apache-2.0
// What follows from a change of a user's roster, for the two modules that make such changes: roster
// pushes (RFC 6121 section 2.1.6) and the presence that a contact gets when a subscription begins or
// ends (sections 3.1.5, 3.2.2, 3.3.3). Shard-bound with the user.
#pragma once

#include "base/task.hpp"
#include "router/host.hpp"
#include "router/store_errors.hpp"
#include "storage/storage.hpp"
#include "xmpp/stanza_error.hpp"

namespace stonechat {

/// Stores the changed record and puts it into the user's roster, with a new version if clients can see
/// the change. A record with nothing left to keep is removed. Call it while holding a turn.
Task<Result<Done, StoreError>> store_change(std::shared_ptr<User> user, RosterRecord changed);

/// Tells all interested resources what the item is like now, or that it is gone (§2.1.6, §2.5.2).
void push_item(const User& user, const RosterRecord& record);
void push_removal(const User& user, const Jid& contact);

/// Sends the contact the presence of each available resource.
void send_presence(const User& user, const Jid& contact);
/// Tells the contact that each available resource is unavailable.
void send_unavailable(const User& user, const Jid& contact);

/// Whether the roster would become too large, in contacts or in bytes, if `before` became `after`: `limits`
/// is the section of the module. Who has more than that already may still make it smaller. Subscription
/// requests that wait for an answer are not counted.
bool has_no_room(const Roster& roster, const RosterRecord& before, const RosterRecord& after,
    const Section& limits);

} // namespace stonechat
