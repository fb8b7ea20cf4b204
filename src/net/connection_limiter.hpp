// SPDX-License-Identifier: Apache-2.0
// ConnectionLimiter: how many connections, and how many a second, one IPv4 address or IPv6 /64 may
// have, and which prefixes are banned after too many failed logins. Its table is bounded: when it is
// full of prefixes that have to be remembered, newcomers pass uncounted rather than being locked out.
// Any thread (a mutex; asked once per connection and per failed login, not per stanza). XEP-0205.
#pragma once

#include "base/clock.hpp"

#include <boost/asio/ip/address.hpp>
#include <boost/unordered/unordered_flat_map.hpp>

#include <mutex>

namespace stonechat {

struct ConnectionLimits {
    unsigned per_prefix = 100; ///< at a time; 0 = no limit
    unsigned per_second = 20;  ///< new ones, from one prefix; 0 = no limit
    unsigned burst = 50;
    unsigned login_failures = 20; ///< within `failure_window`, then a ban; 0 = never
    std::chrono::seconds failure_window { 600 };
    std::chrono::seconds ban { 3600 };
    std::size_t table = 65536; ///< prefixes remembered at most
};

class ConnectionLimiter {
public:
    ConnectionLimiter(const ConnectionLimits& limits, const Clock& clock);

    /// Counts a new connection; false: close it at once, without a byte.
    bool admit(const boost::asio::ip::address& peer);
    /// An admitted connection has ended.
    void release(const boost::asio::ip::address& peer);

    /// A login failed; true if the prefix is banned from now on.
    bool login_failed(const boost::asio::ip::address& peer);
    bool is_banned(const boost::asio::ip::address& peer) const;
    void set_limits(const ConnectionLimits& limits);

private:
    struct Entry {
        unsigned open = 0;
        double tokens = 0;
        SteadyTime refilled;
        unsigned failures = 0;
        SteadyTime first_failure;
        SteadyTime banned_until;
    };
    std::string key_of(const boost::asio::ip::address& peer) const;
    /// The entry of `key`, or null if the table is full of entries that have to stay.
    Entry* find_or_make(const std::string& key);
    bool take_token(Entry& entry) const;
    void make_room();

    mutable std::mutex mutex_;
    ConnectionLimits limits_;
    const Clock& clock_;
    boost::unordered_flat_map<std::string, Entry> entries_;
    SteadyTime next_cleaning_;
};

} // namespace stonechat
