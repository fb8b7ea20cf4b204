// SPDX-License-Identifier: Apache-2.0
// What stands in an archive in the place of a message that was taken back: by its author (XEP-0424 §4) or by
// a moderator of the room (XEP-0425 §4). Pure.
#pragma once

#include "base/clock.hpp"
#include "xmpp/element.hpp"
#include "xmpp/jid.hpp"

#include <string>
#include <string_view>

namespace stonechat {

/// That a moderator took a message back.
struct Moderation {
    Jid by;                  ///< the moderator; empty if that is not to be told (XEP-0425 §4)
    std::string occupant_id; ///< XEP-0421, of the moderator; may be empty
    std::string reason;      ///< natural language, may be empty

    /// Puts `<moderated/>` and `<reason/>` into `<retract/>`, which tells the room (XEP-0425 §3.1), or into
    /// the
    /// `<retracted/>` of a tombstone.
    void add_to(Element& retraction) const;
};

/// What remains of `original`, which the message with `id` has taken back at `stamp`: who, to whom and under
/// which id. Of a groupchat message also what its room has said of it: the author's occupant id (XEP-0425
/// §4), the real address for those who may see it (XEP-0313 §6.1.2), and the room's stanza-id, which
/// retractions name (XEP-0424 §5.1); of a private message in a room, that it is one (XEP-0045 §7.5), and by
/// which occupant. The room must have removed what clients claim of these. `id` is never empty: clients find
/// the retraction by it (XEP-0424 §4).
Element tombstone(const Element& original, std::string_view id, WallTime stamp);
Element tombstone(const Element& original, std::string_view id, WallTime stamp, const Moderation& moderation);

/// Whether `message` has nothing but what a tombstone has. Its `<retracted/>` alone proves nothing: anybody
/// may put one beside what they say, and nobody could take that back any more.
bool is_tombstone(const Element& message);

} // namespace stonechat
