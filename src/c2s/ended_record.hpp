// SPDX-License-Identifier: Apache-2.0
// Ends a resumable session (XEP-0198) that is not in memory because the server was restarted: only its record
// is in the store. A session in memory ends in ClientSession::end. Contacts may still see the session as
// available. Called on the home shard of the owner.
#pragma once

#include "storage/stream_store.hpp"

namespace stonechat {

class C2s;
class Server;
class User;

/// Returns whether the session's time to resume is over. Time while the server was down does not count.
bool is_time_up(const Server& server, const StreamRecord& record);

/// Moves unacknowledged messages into the owner's mailbox and sends unavailable presence to the contacts.
/// `owner` is loaded.
void end_record(C2s& service, User& owner, const StreamRecord& record);

} // namespace stonechat
