// SPDX-License-Identifier: Apache-2.0
// ArchiveReplays: says of each message that has an `<origin-id/>` (XEP-0359) on which stream it came, so
// that the store finds out whether it is one that its client sends once more because an earlier stream
// broke before an acknowledgement came (Origin): such a one is neither kept nor delivered twice, to an
// account or in a room. On one stream nothing is a repetition, and without an origin-id nothing is: rather
// twice than never. Shard-bound.
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

    /// Watches streams and errors.
    void attach(Handlers& on);

    /// Of a message that a client has sent.
    void mark(const Message& message, const Context& context) const;

private:
    /// The stream on which a session is.
    struct SenderStream {
        std::uint64_t number = 0; ///< from the first such message on
    };
    /// A message whose sender was told that it has failed.
    struct Failure {
        std::uint64_t key;  ///< of its addressee and id
        std::uint64_t peer; ///< of who has told him
    };
    using Failed = std::vector<Failure>; ///< the oldest first

    void end(const Context& context, bool in_good_order) const;
    Task<bool> load(User& user) const;
    std::uint64_t key_of(const Message& message, std::string_view origin_id, const Host& host) const;
    std::uint64_t error_key(const Jid& peer, std::string_view id) const;
    static Failed::const_iterator most_expendable(const Failed& failed);
    /// Whether the sender was told that an earlier one has failed; only once for each time he was told.
    bool is_new_attempt(const Message& message, const Context& context) const;
    void note_failed(const Message& error, const Context& context) const;

    KeyedHash hash_;
    UserSlot<Failed> failed_;
    SessionSlot<SenderStream> stream_;
};

} // namespace stonechat
