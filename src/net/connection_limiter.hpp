// SPDX-License-Identifier: Apache-2.0
// ConnectionLimiter: limits the number and the rate of connections from one IPv4 address or IPv6 /64, and
// refuses banned peers (LoginGuard). The table is bounded. When it is full of prefixes that have connections,
// all new prefixes share one entry that allows as much as `share_of_the_rest` prefixes. So they are neither
// locked out nor admitted without a limit. Any thread (a mutex; used once per connection, not per stanza).
// XEP-0205.
#pragma once

#include "base/clock.hpp"
#include "net/ban_list.hpp"
#include "net/ip_prefix.hpp"

#include <boost/asio/ip/address.hpp>
#include <boost/unordered/unordered_flat_map.hpp>

#include <mutex>
#include <optional>
#include <string_view>
#include <vector>

namespace stonechat {

class LoginGuard;

struct ConnectionLimits {
    unsigned per_prefix = 1000; ///< open connections; 0 = no limit
    unsigned per_second = 50;   ///< new connections from one prefix; 0 = no limit
    unsigned burst = 600;
    std::size_t table = 65536;    ///< prefixes remembered at most
    std::vector<IpPrefix> exempt; ///< prefixes without limits
};

/// Whether a connection is admitted.
struct Admission {
    std::string_view refused; ///< the reason in a word, for the log; empty: admitted
    std::optional<Ban> ban;   ///< the ban, if that is the reason

    explicit operator bool() const { return refused.empty(); }
};

class ConnectionLimiter {
public:
    /// `guard` may be null: then no peer is banned.
    ConnectionLimiter(const ConnectionLimits& limits, const Clock& clock, LoginGuard* guard = nullptr);

    /// Counts a new connection. The caller closes a refused one at once, without sending a byte.
    Admission admit(const boost::asio::ip::address& peer);
    /// Called when an admitted connection has ended.
    void release(const boost::asio::ip::address& peer);
    void set_limits(const ConnectionLimits& limits);

private:
    struct Entry {
        unsigned open = 0;
        double tokens = 0;
        SteadyTime refilled;
    };
    static constexpr unsigned share_of_the_rest = 64;

    /// Returns the entry of `key`, or null if the table is full of entries with connections.
    Entry* find_or_make(const std::string& key);
    bool is_exempt(const boost::asio::ip::address& peer) const;
    bool take_token(Entry& entry, unsigned share) const;
    void make_room();

    mutable std::mutex mutex_;
    ConnectionLimits limits_;
    const Clock& clock_;
    LoginGuard* guard_;
    boost::unordered_flat_map<std::string, Entry> entries_;
    Entry rest_; ///< shared by all prefixes that have no entry
    SteadyTime next_cleaning_;
};

} // namespace stonechat
