// SPDX-License-Identifier: Apache-2.0
// Group ticks (docs/protocol/group-ticks.md): in a room whose owner has turned them on, markers (XEP-0333) go
// to the room and not to everybody. The room counts how many have received and read a message, and tells its
// sender, now and then.
#pragma once

#include "muc/room_requests.hpp"
#include "router/settlement.hpp"
#include "storage/room_store.hpp"

#include <deque>
#include <string>
#include <vector>

namespace stonechat {

struct Occupant;

/// It is a marker and nothing else.
bool is_tick_for_room(const Element& message);
void take_tick(Room& room, const Occupant& occupant, const Stanza& message, Settlement settlement);

/// Messages whose senders are told, and what they know. Part of a Room.
class TickLedger {
public:
    struct Entry {
        MessageId id;
        Jid author; ///< bare
        std::size_t received = 0;
        std::size_t displayed = 0;
    };
    /// The newest so many messages are followed.
    static constexpr std::size_t most = 50;

    void add(MessageId id, Jid author);
    std::deque<Entry>& entries() { return entries_; }

private:
    std::deque<Entry> entries_;
};

/// Tells the senders what they do not know yet; called by the room's timer.
void tell_ticks(Room& room);

/// `<ticks id=''/>`: who has received and read one's message.
Task<RoomAnswer> answer_ticks(std::shared_ptr<Room> room, Iq iq);

} // namespace stonechat
