// SPDX-License-Identifier: Apache-2.0
// ConnectionLimiter: how many connections, and how many a second, one IPv4 address or IPv6 /64 may
// have; whoever is banned (LoginGuard) has none. Its table is bounded: when it is full of prefixes that
// have connections, newcomers are counted all together, as if they were so many prefixes as make up the
// `share_of_the_rest`, so that they are neither locked out nor let in without a limit.
// Any thread (a mutex; asked once per connection, not per stanza). XEP-0205.
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
    unsigned per_prefix = 1000; ///< at a time; 0 = no limit
    unsigned per_second = 50;   ///< new ones, from one prefix; 0 = no limit
    unsigned burst = 600;
    std::size_t table = 65536;    ///< prefixes remembered at most
    std::vector<IpPrefix> exempt; ///< from which there may be any number
};

/// Whether a connection may come in.
struct Admission {
    std::string_view refused; ///< why, in a word for the log; empty: it may
    std::optional<Ban> ban;   ///< that refuses it

    explicit operator bool() const { return refused.empty(); }
};

class ConnectionLimiter {
public:
    /// `guard` may be null: then nobody is banned.
    ConnectionLimiter(const ConnectionLimits& limits, const Clock& clock, LoginGuard* guard = nullptr);

    /// Counts a new connection. If it is refused: close it at once, without a byte.
    Admission admit(const boost::asio::ip::address& peer);
    /// An admitted connection has ended.
    void release(const boost::asio::ip::address& peer);
    void set_limits(const ConnectionLimits& limits);

private:
    struct Entry {
        unsigned open = 0;
        double tokens = 0;
        SteadyTime refilled;
    };
    static constexpr unsigned share_of_the_rest = 64;

    /// The entry of `key`, or null if the table is full of entries that have to stay.
    Entry* find_or_make(const std::string& key);
    bool is_exempt(const boost::asio::ip::address& peer) const;
    bool take_token(Entry& entry, unsigned share) const;
    void make_room();

    mutable std::mutex mutex_;
    ConnectionLimits limits_;
    const Clock& clock_;
    LoginGuard* guard_;
    boost::unordered_flat_map<std::string, Entry> entries_;
    Entry rest_; ///< of all that found no room there
    SteadyTime next_cleaning_;
};

} // namespace stonechat
