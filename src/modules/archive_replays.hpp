// SPDX-License-Identifier: Apache-2.0
// ArchiveReplays: if a message has an `<origin-id/>` (XEP-0359), records the stream on which it arrived
// (Origin). From that, the store recognises a repetition: a message that the client sends again because an
// earlier stream broke before the acknowledgement. A repetition is neither stored nor delivered twice, to an
// account or in a room. A message is never a repetition of one on the same stream, nor if it has no
// origin-id: delivering twice is better than not delivering. Shard-bound.
#pragma once

#include "base/keyed_hash.hpp"
#include "router/handlers.hpp"
#include "xmpp/stanza.hpp"

#include <cstdint>
#include <string_view>
#include <vector>

namespace stonechat {

class ArchiveReplays {
public:
    explicit ArchiveReplays(std::string_view secret) : hash_(secret, "archive replays") {}

    /// Registers handlers for the end of streams and for error messages.
    void attach(Handlers& on);

    /// Sets the Origin of a message from a client.
    void mark(const Message& message, const Context& context) const;

private:
    /// The current stream of a session.
    struct SenderStream {
        std::uint64_t number = 0; ///< random; 0 until the first marked message
    };
    /// A message for which its sender got an error.
    struct Failure {
        std::uint64_t key;  ///< hash of the message's addressee and id
        std::uint64_t peer; ///< hash of the bare address that sent the error
    };
    using Failed = std::vector<Failure>; ///< oldest first

    void end(const Context& context, bool in_good_order) const;
    Task<bool> load(User& user) const;
    std::uint64_t key_of(const Message& message, std::string_view origin_id, const Host& host) const;
    std::uint64_t error_key(const Jid& peer, std::string_view id) const;
    static Failed::const_iterator most_expendable(const Failed& failed);
    /// Returns whether the sender got an error for an earlier copy of the message. Each error counts once.
    bool is_new_attempt(const Message& message, const Context& context) const;
    void note_failed(const Message& error, const Context& context) const;

    KeyedHash hash_;
    UserSlot<Failed> failed_;
    SessionSlot<SenderStream> stream_;
};

} // namespace stonechat
