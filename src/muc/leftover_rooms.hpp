// SPDX-License-Identifier: Apache-2.0
// Rooms that are not persistent and are still stored, because the server stopped while they were in use.
#pragma once

namespace stonechat {

class MucService;

/// Loads these rooms, each on its home shard. One to which nobody returns is removed like any other. Call
/// once per server, when all shards have their services.
void load_leftover_rooms(MucService& service);

} // namespace stonechat
