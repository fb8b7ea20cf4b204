// SPDX-License-Identifier: Apache-2.0
// ArchiveReplays: what one account has sent in the last day, so that a message which its client sends
// once more, because its stream broke before an acknowledgement came, is neither kept nor delivered
// twice. The same message is one with the same addressee, id and payload that comes on another stream,
// or on one that was resumed meanwhile (XEP-0198): who says something twice on one stream means it.
// Without an id there is no telling. Part of a user's slot; shard-bound.
#pragma once

#include "base/clock.hpp"
#include "base/function.hpp"
#include "base/keyed_hash.hpp"
#include "router/handlers.hpp"
#include "xmpp/stanza.hpp"

#include <boost/unordered/unordered_flat_map.hpp>

#include <cstdint>
#include <memory>
#include <optional>
#include <string_view>
#include <vector>

namespace stonechat {

/// The newest messages of one account.
class SentMessages {
public:
    static constexpr std::size_t most = 1024;

    enum class State { unknown, under_way, safe };

    struct Message {
        std::uint64_t key;
        std::uint64_t error_key = 0; ///< which error would answer it
        std::uint64_t stream = 0;    ///< on which it came; 0 = none that is still there
    };

    State state_of(std::uint64_t key, WallTime now) const;
    /// Whether the one that is known under `key` came on this stream.
    bool came_on(std::uint64_t key, std::uint64_t stream) const;
    /// It is under way now.
    void begin(const Message& message, WallTime now);
    /// Called when what is under way under `key` is safe (true) or lost.
    void when_over(std::uint64_t key, Function<void(bool safe)> f);
    void end(std::uint64_t key, bool safe);
    /// Known from an earlier run.
    void add_safe(std::uint64_t key, WallTime now);
    /// Its sender was told that it has failed: the next one is a new attempt. The key, if there is one.
    std::optional<std::uint64_t> forget_failed(std::uint64_t error_key);
    /// Adds to the failed ones that are remembered in the store; which of them need not be any more.
    std::optional<std::uint64_t> remember_failed(std::uint64_t key);
    void clear();

private:
    struct Sent {
        Message message;
        WallTime at;
        std::uint64_t number = 0; ///< the how-manyth
        bool safe = false;
        bool failed = false;
        bool is_old = false; ///< out of the newest, and kept for those who wait
        std::vector<Function<void(bool)>> waiting = {};
    };
    Sent& add(const Message& message, WallTime now);
    void make_room();

    boost::unordered_flat_map<std::uint64_t, Sent> messages_;
    std::vector<std::uint64_t> newest_; ///< keys; number n is at n modulo `most`
    std::uint64_t count_ = 0;           ///< added so far
    std::vector<std::uint64_t> failed_; ///< oldest first
};

class ArchiveReplays {
public:
    explicit ArchiveReplays(std::string_view secret) : hash_(secret, "archive replays") {}

    /// Reads them with each user, and watches errors.
    void attach(Handlers& on);

    /// 0 if the message has no id, and never else.
    std::uint64_t key_of(const Message& message) const;
    /// What becomes of a message that a client has sent under `key`: done if it is a second copy. Else
    /// `context.passage` tells in the end whether it is safe.
    Verdict look(const Message& message, std::uint64_t key, const Context& context) const;

private:
    Task<bool> load(User& user) const;
    std::uint64_t error_key(const Jid& peer, std::string_view id) const;
    Verdict forget_failed(const Message& error, const Context& context) const;
    Verdict wait(const Message& message, std::uint64_t key, const Context& context) const;

    KeyedHash hash_;
    UserSlot<SentMessages> slot_;
    SessionSlot<std::uint64_t> stream_;
    std::uint64_t streams_ = 0; ///< numbered so far
};

} // namespace stonechat
