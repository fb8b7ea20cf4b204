// SPDX-License-Identifier: Apache-2.0
// ClientStateQueue: holds back stanzas while the client is inactive (XEP-0352), or while its connection is
// lost and may be resumed (XEP-0198). Of presence it keeps the last stanza of each sender. It drops messages
// that carry only a chat state, which are useless later. Every other stanza is sent at once, after all
// queued ones, so that the order is kept. Part of a ClientSession; pure.
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
    /// Limits; a queue above either of them is sent.
    static constexpr std::size_t most_senders = 1000;
    static constexpr std::size_t most_bytes = 1024 * 1024;

    enum class Fate { at_once, last_of_sender, never };
    static Fate fate_of(const Stanza& stanza);

    /// Queues or drops `stanza` and returns true. Returns false if the stanza cannot wait: then the caller
    /// sends the queue and after it the stanza.
    bool take(const Stanza& stanza);
    /// Returns whether the queue is above its limits and the caller has to send it.
    bool is_full() const { return waiting_.size() > most_senders || bytes_ > most_bytes; }
    bool is_empty() const { return waiting_.empty(); }
    std::size_t size() const { return waiting_.size(); }
    std::size_t bytes() const { return bytes_; }

    /// A queued stanza as XML, because an element tree may take many times the memory.
    struct Held {
        WireForm wire;
        std::string to;
    };
    /// Removes and returns all queued stanzas, in order of arrival.
    std::list<Held> let_out();

private:
    std::list<Held> waiting_;
    std::unordered_map<std::string, std::list<Held>::iterator> by_sender_; ///< the full JID
    std::size_t bytes_ = 0;
};

} // namespace stonechat
