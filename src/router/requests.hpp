// SPDX-License-Identifier: Apache-2.0
// Requests: what a host itself asks of others, in its own name or in that of one of its accounts, and who
// waits for the answer. An answer counts if it comes from the one who was asked, goes to the one who asks
// and has the request's id, which nobody can guess; everything else is dropped. The id also says which shard
// waits, for an answer may arrive on any. Part of a Host; shard-bound.
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
    /// How long an answer may take, and how many may be awaited on one shard.
    static constexpr std::chrono::seconds patience { 60 };
    static constexpr std::size_t most = 10'000;

    /// What came: the result or error, or null if nothing came in time.
    using OnAnswer = Function<void(const Stanza* answer)>;

    explicit Requests(Host& host);
    Requests(const Requests&) = delete;

    /// Sends an iq to `to`. `from` is the host or, bare, one of its accounts: so that whoever blocks the
    /// account is not asked. False if too many answers are awaited; then `f` is not called.
    bool ask(const Jid& from, const Jid& to, IqType type, Element payload, OnAnswer f);

    /// An iq result or error for the host or an account has come: it is given to who waits for it, or
    /// dropped.
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
    std::deque<Due> due_; ///< in order of time; may hold what was answered
    Timer timer_;
};

} // namespace stonechat
