// SPDX-License-Identifier: Apache-2.0
// RoomHistory: what who enters is shown of what was said before (XEP-0045 section 7.2.13), and the subject
// (section 7.2.15). The last messages only; all of them are in the archive. Part of a Room; shard-bound.
#pragma once

#include "base/clock.hpp"
#include "storage/message_store.hpp"
#include "xmpp/element.hpp"
#include "xmpp/jid.hpp"
#include "xmpp/stanza.hpp"

#include <deque>
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
        Element message; ///< as it was sent, without `to`
    };

    /// So many are kept from now on.
    void set_length(std::size_t length);
    void add(Entry entry);
    /// The newest that satisfy all of `request`, oldest first, stamped, without `to` (§7.2.13).
    std::vector<Stanza> select(const HistoryRequest& request, const Jid& room) const;
    /// Replaces a message that was taken back or moderated; nothing if it is not here.
    void replace(MessageId id, Element message);
    const std::deque<Entry>& entries() const { return entries_; }

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
    std::deque<Entry> entries_;
    std::size_t length_ = 0;
    std::optional<Element> subject_;
    WallTime subject_stamp_;
};

} // namespace stonechat
