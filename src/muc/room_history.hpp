// SPDX-License-Identifier: Apache-2.0
// RoomHistory: the messages sent to users who enter (XEP-0045 section 7.2.13), and the subject (section
// 7.2.15). It holds the newest messages only, as they go over the wire, limited in number and bytes. The
// archive has all messages. Part of a Room; shard-bound.
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

/// What `<history/>` asks for (§7.2.14). Absent values are not limited.
struct HistoryRequest {
    std::optional<std::size_t> characters;
    std::optional<std::size_t> stanzas;
    std::optional<WallTime> since; ///< the later of `since` and `seconds` ago

    /// Reads the request of an entering presence. A value that cannot be parsed counts as absent.
    static HistoryRequest from_presence(const Element& presence, WallTime now);
};

class RoomHistory {
public:
    struct Entry {
        MessageId id = 0;
        WallTime stamp;
        Jid from;                             ///< the occupant's address
        std::shared_ptr<const WireForm> wire; ///< as it was sent, with a delay stamp
    };

    /// Sets the maximum number of messages.
    void set_length(std::size_t length);
    /// Sets the maximum size of all messages. The newest message is always kept.
    void set_bytes(std::size_t bytes);
    /// Adds a message that was sent by the occupant `from`. The message must have children.
    void add(MessageId id, WallTime stamp, const Jid& from, const WireForm& message);
    /// Returns the newest messages that match all limits of `request`, oldest first (§7.2.13).
    std::vector<Entry> select(const HistoryRequest& request) const;
    /// Replaces a message that was retracted or moderated. Does nothing if it is not in the history.
    void replace(MessageId id, const Element& message);

    // The subject.
    /// Sets the subject. `message` is the message that changed it, as it was sent.
    void set_subject(Element message, WallTime stamp);
    /// Returns the subject message for a user who enters. Its subject is empty if the room has none.
    Stanza subject(const Jid& room) const;
    std::string subject_text() const;
    /// The text form that is stored (RoomRecord::subject).
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
