// SPDX-License-Identifier: Apache-2.0
// RoomHistory: what who enters is shown of what was said before (XEP-0045 section 7.2.13), and the subject
// (section 7.2.15). The last messages only, bounded in number and bytes, as they go over the wire;
// all of them are in the archive. Part of a Room; shard-bound.
#pragma once

#include "base/clock.hpp"
#include "storage/message_store.hpp"
#include "xmpp/element.hpp"
#include "xmpp/jid.hpp"
#include "xmpp/serialize.hpp"
#include "xmpp/stanza.hpp"

#include <deque>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace stonechat {

/// What `<history/>` asks for (§7.2.14); what is absent is not limited.
struct HistoryRequest {
    std::optional<std::size_t> characters;
    std::optional<std::size_t> stanzas;
    std::optional<WallTime> since; ///< the later of `since` and `seconds` ago

    /// Of a joining presence. What cannot be read counts as absent.
    static HistoryRequest from_presence(const Element& presence, WallTime now);
};

class RoomHistory {
public:
    struct Entry {
        MessageId id = 0;
        WallTime stamp;
        Jid from;                             ///< the occupant
        std::shared_ptr<const WireForm> wire; ///< as it was sent, and stamped
    };

    /// So many are kept from now on.
    void set_length(std::size_t length);
    /// And so many bytes of them, except that the newest is always kept.
    void set_bytes(std::size_t bytes);
    /// `message` was sent by the occupant `from`. It has children.
    void add(MessageId id, WallTime stamp, const Jid& from, const WireForm& message);
    /// The newest that satisfy all of `request`, oldest first (§7.2.13).
    std::vector<Entry> select(const HistoryRequest& request) const;
    /// Replaces a message that was taken back or moderated; nothing if it is not here.
    void replace(MessageId id, const Element& message);

    // The subject.
    /// It was changed by `message`, as it was sent.
    void set_subject(Element message, WallTime stamp);
    /// For who enters: always something, empty if there is no subject.
    Stanza subject(const Jid& room) const;
    std::string subject_text() const;
    /// As it is kept (RoomRecord::subject).
    std::string subject_to_text() const;
    void subject_from_text(std::string_view text);

private:
    void drop_what_is_too_much();

    std::deque<Entry> entries_;
    std::size_t length_ = 0;
    std::size_t most_bytes_ = 1024 * 1024;
    std::size_t bytes_ = 0;
    std::optional<Element> subject_;
    WallTime subject_stamp_;
};

} // namespace stonechat
