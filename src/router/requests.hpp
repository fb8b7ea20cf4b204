// SPDX-License-Identifier: Apache-2.0
// Requests: iq requests that the server itself sends, in the name of a host, an account, a service or a room,
// and the callbacks waiting for the answers. An answer is accepted if it comes from the address that was
// asked, goes to the address that asked and has the request's id, which cannot be guessed; everything else is
// dropped. The id also names the waiting shard, because an answer may arrive on any shard. Part of a Host;
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

    /// Sends an iq to `to`. `from` is the host, an account of it (bare: the address of a client is the
    /// client's own), or an address of one of its services. A request in the name of an account does not
    /// reach users who have blocked the account. Returns false if too many requests are open; then `f` is
    /// not called.
    bool ask(const Jid& from, const Jid& to, IqType type, Element payload, OnAnswer f);

    /// Takes an iq result or error to an address from which ask() may have asked: calls the waiting callback,
    /// or drops it. Whoever receives stanzas for such an address passes them here.
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
