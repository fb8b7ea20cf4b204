// SPDX-License-Identifier: Apache-2.0
// Mediated invitations and their refusal (XEP-0045 section 7.8.2). Direct invitations (XEP-0249) do not pass
// through the room.
#pragma once

#include "router/settlement.hpp"
#include "xmpp/jid.hpp"
#include "xmpp/stanza.hpp"

#include <deque>
#include <utility>

namespace stonechat {

class Room;
class RoomHandlers;

void attach_room_invitations(RoomHandlers& on);

/// Recent invitations. Only these invitees may decline (§7.8.2). Part of a Room; shard-bound.
class RoomInvitations {
public:
    /// Only this many of the newest invitations are known.
    static constexpr std::size_t most = 500;

    void add(const Jid& invitee, const Jid& inviter);
    /// Forgets the invitation. Returns false if there is none.
    bool take(const Jid& invitee, const Jid& inviter);

    // A removed account: whether it has invited or is invited, and to forget that.
    bool knows(const Jid& account) const;
    void forget(const Jid& account);

private:
    std::deque<std::pair<Jid, Jid>> all_; ///< invitee and inviter, both bare
};

/// Returns whether the message carries `<invite/>` or `<decline/>`.
bool is_invitation(const Stanza& message);

/// Invites `member`, whom `by` has added to the members of a members-only room (§9.3). Sends nothing if the
/// member is present, or if `by` has used up their message rate; the member is added all the same.
void invite_member(Room& room, const Jid& member, const Jid& by);

} // namespace stonechat
