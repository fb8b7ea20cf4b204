// SPDX-License-Identifier: Apache-2.0
// LoginGuard: keeps those who guess passwords from guessing many, and from locking out whose account it is.
// Three rules, asked before a password is looked at:
//
//   1. Attempts at one account wait for each other once some have failed: those from places where the account
//      is not known in one lane, with one waiting of each neighbourhood (/24, /48); those from a place where
//      it has logged in before in a lane of that place's own, which no stranger can fill.
//   2. Failures at several accounts ban the place from which they come: an address, and with more of them the
//      prefixes around it. One account adds little to this, one that is known at the place nothing, so that a
//      telephone with an old password does not ban the office around it.
//   3. In a banned place no password is looked at, but those of accounts that are known there.
//
// A place is an IPv4 address or an IPv6 /64. Known is an account where it has logged in lately; this is kept
// in memory only, as hashes. What there is to remember is bounded, and what was not used for longest goes
// first. Any thread (a mutex; asked a few times per login, not per stanza). XEP-0205, RFC 6120 §13.12.
#pragma once

#include "base/keyed_hash.hpp"
#include "base/recent_map.hpp"
#include "net/ban_list.hpp"

#include <chrono>
#include <cstdint>
#include <mutex>
#include <optional>
#include <string_view>
#include <variant>
#include <vector>

namespace stonechat {

struct LoginLimits {
    unsigned failures = 20; ///< from one place within `window`, then a ban; 0 = never
    std::chrono::seconds window { 600 };
    std::chrono::seconds ban { 3600 };
    std::chrono::milliseconds longest_wait { 10'000 }; ///< before an attempt at one account; 0 = nobody waits
    std::vector<IpPrefix> exempt;                      ///< never counted by place, never banned by guesses
};

class LoginGuard;

/// One password that is being looked at. Whoever holds it says how it ended; if nobody does, because the
/// client has gone or the database failed, it was none. Counted meanwhile, so that many at once get no
/// further than many in a row.
class LoginAttempt {
public:
    LoginAttempt(LoginAttempt&& other) noexcept;
    LoginAttempt& operator=(LoginAttempt&& other) noexcept;
    ~LoginAttempt();

    /// The account is known here from now on.
    void succeeded();

    struct Failure {
        std::optional<Ban> ban;  ///< begun by this one
        bool slows_down = false; ///< the account's next attempts wait, and did not before
    };
    Failure failed();

private:
    friend class LoginGuard;
    LoginAttempt(LoginGuard& guard, std::uint64_t account, const Neighbourhood& around, bool counted)
        : guard_(&guard), account_(account), around_(around), is_counted_by_place_(counted)
    {}

    LoginGuard* guard_; ///< null: it has ended
    std::uint64_t account_;
    Neighbourhood around_;
    bool is_counted_by_place_;
};

class LoginGuard {
public:
    LoginGuard(const LoginLimits& limits, const Clock& clock);

    /// Wait so long and ask again; with `has_waited` if it was for its turn at the account.
    struct Wait {
        std::chrono::milliseconds time;
        bool for_its_turn;
    };
    /// Too many wait already.
    struct Busy {};
    using Answer = std::variant<LoginAttempt, Wait, Busy, Ban>;
    /// Whether the password that `peer` has sent for `account` (any unique text) may be looked at.
    Answer ask(std::string_view account, const boost::asio::ip::address& peer, bool has_waited);

    /// The ban that keeps `peer` from doing anything here. A place where somebody is known is let in in spite
    /// of the guesses that come from it: `ask` tells who is who.
    std::optional<Ban> shuts_out(const boost::asio::ip::address& peer);

    /// An administrator's ban; false: there are too many.
    bool ban(const Ban& ban);
    /// Lifts the ban of exactly this prefix, and forgets its failures.
    bool lift(const IpPrefix& prefix);
    std::vector<Ban> bans() const;
    /// Those that cover `prefix` or lie in it.
    std::vector<Ban> bans_touching(const IpPrefix& prefix) const;

    /// The account is gone, and whoever gets its name next is known nowhere.
    void forget(std::string_view account);

    /// How many bans end because they would not be under these limits.
    std::size_t set_limits(const LoginLimits& limits);

private:
    friend class LoginAttempt;

    /// Failures since a time.
    struct Count {
        SteadyTime since;
        unsigned failures = 0;
        bool was_told = false; ///< that others have to wait
    };
    /// Attempts that go one after another.
    struct Lane {
        Count count; ///< attempts under way among them
        SteadyTime next_turn;
    };
    struct Waiter {
        std::uint64_t neighbourhood;
        SteadyTime turn;
    };
    struct Strangers {
        Lane lane;
        std::vector<Waiter> waiting;
    };
    struct Known {
        Lane lane;
        SteadyTime last_login;
    };
    struct Place {
        Count count;
        unsigned under_way = 0;
    };

    std::uint64_t hash(const IpPrefix& prefix) const { return hash_(prefix.text()); }
    std::uint64_t hash(std::uint64_t account, const IpPrefix& place) const;
    Known* find_known(std::uint64_t account, const IpPrefix& place);
    Lane& lane_of(std::uint64_t account, const IpPrefix& place);
    void refresh(Count& count) const;
    LoginAttempt begin(std::uint64_t account, const Neighbourhood& around, bool is_counted);
    std::optional<std::chrono::milliseconds> turn_of(std::uint64_t account, const Neighbourhood& around);
    std::optional<std::chrono::milliseconds> turn_in(Lane& lane, std::size_t waiting) const;
    bool is_crowded(const Neighbourhood& around);
    void end(const LoginAttempt& attempt);
    void take_back(const LoginAttempt& attempt);
    void drop(const LoginAttempt& attempt);
    void succeed(const LoginAttempt& attempt);
    LoginAttempt::Failure fail(const LoginAttempt& attempt);
    bool counts_for_place(const LoginAttempt& attempt);
    std::optional<Ban> count_for_places(const Neighbourhood& around);

    mutable std::mutex mutex_;
    LoginLimits limits_;
    const Clock& clock_;
    KeyedHash hash_;
    BanList bans_;
    RecentMap<std::uint64_t, Strangers> accounts_;   ///< by account
    RecentMap<std::uint64_t, Known> known_;          ///< by account and place
    RecentMap<std::uint64_t, SteadyTime> inhabited_; ///< places of `known_`, and the last login there
    RecentMap<std::uint64_t, SteadyTime> forgotten_; ///< by account: where it was known before, it is not now
    RecentMap<std::uint64_t, Count> strangers_;      ///< by account and place: failures where it is not known
    RecentMap<std::uint64_t, Place> places_;         ///< by each prefix of a neighbourhood
};

} // namespace stonechat
