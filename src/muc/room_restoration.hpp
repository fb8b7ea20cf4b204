// SPDX-License-Identifier: Apache-2.0
// Keeps occupants over a restart of the server (docs/decisions/0016). The list of those present is stored
// from time to time. Sessions that are resumed after a restart (XEP-0198) are still in the room and get the
// messages sent meanwhile. Occupants who do not return have left.
#pragma once

#include "base/clock.hpp"
#include "net/timer_wheel.hpp"
#include "xmpp/jid.hpp"

#include <cstddef>
#include <functional>
#include <map>
#include <string>
#include <string_view>

namespace stonechat {

class Room;
class RoomHandlers;

void attach_room_restoration(RoomHandlers& on);

/// An occupant who was present when the server stopped and may return with a resumed session.
struct Expected {
    Jid user;       ///< bare
    std::string id; ///< XEP-0421
};

/// Stores who is present, and knows the occupants who were present before a restart and are not back yet.
/// Part of a Room; shard-bound.
class KeptOccupants {
public:
    explicit KeptOccupants(Room& room);

    /// Call after an occupant entered, left or changed. The list of those present is stored after a delay, if
    /// the room is open.
    void presence_changed();
    /// Whether the list is still to be stored.
    bool is_outdated() const { return present_timer_.is_running(); }

    /// Expects those of a stored list. Those who have not returned in time have left.
    void expect(const std::string& present);
    const Expected* expected_by_nick(std::string_view nick) const;
    /// Call when the nick is in use again.
    void returned(std::string_view nick);
    bool expects_nobody() const { return expected_.empty(); }
    /// Stores nothing more, and waits for nobody any more.
    void stop();

    // A removed account: whether it is expected, and to forget that.
    bool knows(const Jid& account) const;
    void forget(const Jid& account);

private:
    void store_present();
    void give_up();

    Room& room_;
    Timer present_timer_;                                   ///< runs while the list is outdated
    std::map<std::string, Expected, std::less<>> expected_; ///< by nick
    Timer expected_timer_;
};

/// Puts the device of a resumed session back into the room after a restart, and sends it what was said since
/// `confirmed`.
void restore_occupant(Room& room, const Jid& device, std::string_view nick, WallTime confirmed);

} // namespace stonechat
