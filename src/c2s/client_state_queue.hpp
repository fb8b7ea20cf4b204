// SPDX-License-Identifier: Apache-2.0
// ClientStateQueue: what a client is not sent while nobody looks at it (XEP-0352), or while its connection is
// gone and may be resumed (XEP-0198). Presence waits, the last of each sender; bare chat states are of
// no use later. Whatever else is sent goes at once, and what waits goes before it, so that the order of
// stanzas stays. Part of a ClientSession; pure.
#pragma once

#include "xmpp/stanza.hpp"

#include <cstddef>
#include <list>
#include <string>
#include <string_view>
#include <unordered_map>

namespace stonechat {

class ClientStateQueue {
public:
    /// What waits is let out when it is more than this.
    static constexpr std::size_t most_senders = 1000;
    static constexpr std::size_t most_bytes = 1024 * 1024;

    enum class Fate { at_once, last_of_sender, never };
    static Fate fate_of(const Stanza& stanza);

    /// Takes `stanza` (it waits, or is of no use); false: it goes at once, behind all that waits.
    bool take(const Stanza& stanza);
    /// What waits has to be let out, to keep its amount in bounds.
    bool is_full() const { return waiting_.size() > most_senders || bytes_ > most_bytes; }
    bool is_empty() const { return waiting_.empty(); }
    std::size_t size() const { return waiting_.size(); }
    std::size_t bytes() const { return bytes_; }

    /// A stanza as it goes over the wire: as a tree it may need many times as much.
    struct Held {
        WireForm wire;
        std::string to;
    };
    /// What waits, in the order in which it came; nothing waits any more.
    std::list<Held> let_out();

private:
    std::list<Held> waiting_;
    std::unordered_map<std::string, std::list<Held>::iterator> by_sender_; ///< the full JID
    std::size_t bytes_ = 0;
};

} // namespace stonechat
