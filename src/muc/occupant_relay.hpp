// SPDX-License-Identifier: Apache-2.0
// Passes requests from one occupant of a room to another (XEP-0045 section 17.4), under the asker's nick and
// with an id that only the asked client learns (Requests). So neither side learns the other's real address.
#pragma once

namespace stonechat {

class Room;
class Stanza;
struct Occupant;

/// Passes `request`, sent by a device of `asker`, to `asked`, and the answer back. If none comes in time, the
/// asker gets an error. Returns false if too many requests are open.
bool relay(Room& room, const Stanza& request, const Occupant& asker, const Occupant& asked);

} // namespace stonechat
