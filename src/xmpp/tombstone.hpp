// SPDX-License-Identifier: Apache-2.0
// Tombstone: replaces a message in an archive that was retracted by its author (XEP-0424 §4) or by a
// moderator of the room (XEP-0425 §4). Pure.
#pragma once

#include "base/clock.hpp"
#include "xmpp/element.hpp"
#include "xmpp/jid.hpp"

#include <string>
#include <string_view>

namespace stonechat {

/// The retraction of a message by a moderator.
struct Moderation {
    Jid by;                  ///< the moderator; empty if it must not be shown (XEP-0425 §4)
    std::string occupant_id; ///< XEP-0421, of the moderator; may be empty
    std::string reason;      ///< natural language, may be empty

    /// Adds `<moderated/>` and `<reason/>` to the `<retract/>` that the room sends (XEP-0425 §3.1), or to the
    /// `<retracted/>` of a tombstone.
    void add_to(Element& retraction) const;
};

/// Returns the tombstone for `original`, which the message with `id` retracted at `stamp`. It keeps sender,
/// addressee and id. For a groupchat message it also keeps what the room has added: the author's occupant id
/// (XEP-0425 §4), the real address for those who may see it (XEP-0313 §6.1.2), and the room's stanza-id,
/// which retractions name (XEP-0424 §5.1). For a private message in a room it keeps the mark of one (XEP-0045
/// §7.5) and the occupant. The room must have removed such elements of clients before. `id` is never empty:
/// clients find the retraction by it (XEP-0424 §4).
Element tombstone(const Element& original, std::string_view id, WallTime stamp);
Element tombstone(const Element& original, std::string_view id, WallTime stamp, const Moderation& moderation);

/// Returns whether `message` has only the content of a tombstone. A `<retracted/>` alone proves nothing:
/// anybody may add one to a normal message, which nobody could then retract.
bool is_tombstone(const Element& message);

} // namespace stonechat
