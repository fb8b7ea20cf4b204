// SPDX-License-Identifier: Apache-2.0
// The end of a resumable session (XEP-0198) that is not in memory: its record was left by an earlier
// server. Its contacts may still think that it is there. On the home shard of its owner.
#pragma once

#include "storage/stream_store.hpp"

namespace stonechat {

class C2s;
class Server;
class User;

/// Nobody may resume it any more. Nobody could while the server was away, so that time does not count.
bool is_time_up(const Server& server, const StreamRecord& record);

/// Moves what was not acknowledged into the mailbox of `owner`, who is loaded, and tells the contacts.
void end_record(C2s& service, User& owner, const StreamRecord& record);

} // namespace stonechat
