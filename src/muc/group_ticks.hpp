// SPDX-License-Identifier: Apache-2.0
// Group ticks (docs/protocol/group-ticks.md). In a room whose owner has turned them on, markers (XEP-0333) go
// to the room only, not to every occupant. The room counts how many users have received and read a message,
// and tells the message's author from time to time.
#pragma once

#include "net/timer_wheel.hpp"
#include "router/settlement.hpp"
#include "storage/room_store.hpp"
#include "xmpp/stanza.hpp"

#include <deque>
#include <string>
#include <vector>

namespace stonechat {

class Room;
class RoomHandlers;
struct Occupant;

void attach_group_ticks(RoomHandlers& on);

/// Returns whether `message` is a marker without a body.
bool is_tick_for_room(const Element& message);
void take_tick(Room& room, const Occupant& occupant, const Stanza& message, Settlement& settlement);

/// The messages whose authors are told about ticks, with the counts last told. Part of a Room.
class TickLedger {
public:
    struct Entry {
        MessageId id;
        Jid author; ///< bare
        std::size_t received = 0;
        std::size_t displayed = 0;
    };
    /// Only this many of the newest messages are followed.
    static constexpr std::size_t most = 50;

    explicit TickLedger(Room& room);

    void add(MessageId id, Jid author);
    /// Call when a user has received or read a message. The message's author is told after a delay.
    void changed();
    /// Tells nobody any more.
    void stop() { timer_.stop(); }

    // A removed account: whether it is an author here, and to forget that.
    bool knows(const Jid& account) const;
    void forget(const Jid& account);

private:
    /// Tells authors the counts that have changed since they were last told.
    void tell();

    Room& room_;
    std::deque<Entry> entries_;
    Timer timer_;
};

} // namespace stonechat
