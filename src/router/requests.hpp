// SPDX-License-Identifier: Apache-2.0
// Requests: iq requests that a host itself sends, in its own name or in that of one of its accounts, and the
// callbacks waiting for the answers. An answer is accepted if it comes from the address that was asked, goes
// to the address that asked and has the request's id, which cannot be guessed; everything else is dropped.
// The id also names the waiting shard, because an answer may arrive on any shard. Part of a Host;
// shard-bound.
#pragma once

#include "base/function.hpp"
#include "net/timer_wheel.hpp"
#include "xmpp/stanza.hpp"

#include <deque>
#include <string>
#include <string_view>
#include <unordered_map>

namespace stonechat {

class Host;

class Requests {
public:
    /// How long to wait for an answer, and how many requests may be open on one shard.
    static constexpr std::chrono::seconds patience { 60 };
    static constexpr std::size_t most = 10'000;

    /// Gets the result or error, or null if none came in time.
    using OnAnswer = Function<void(const Stanza* answer)>;

    explicit Requests(Host& host);
    Requests(const Requests&) = delete;

    /// Sends an iq to `to`. `from` is the host or, bare, one of its accounts: a request in the name of the
    /// account does not reach users who have blocked the account. Returns false if too many requests are
    /// open; then `f` is not called.
    bool ask(const Jid& from, const Jid& to, IqType type, Element payload, OnAnswer f);

    /// Takes an iq result or error addressed to the host or an account: calls the waiting callback, or drops
    /// it.
    void take(Stanza answer);

    std::size_t size() const { return open_.size(); }

private:
    struct Due {
        SteadyTime time;
        std::string key;
    };
    void take_here(const Stanza& answer);
    void expire();
    void sleep();

    Host& host_;
    std::unordered_map<std::string, OnAnswer> open_;
    std::deque<Due> due_; ///< in order of time; may contain requests already answered
    Timer timer_;
};

} // namespace stonechat
