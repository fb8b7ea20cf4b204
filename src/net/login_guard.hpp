// SPDX-License-Identifier: Apache-2.0
// LoginGuard: slows down password guessing without locking out the owners of the accounts. Three rules,
// applied before a password is checked:
//
//   1. After some failures, attempts at one account wait for each other. Attempts from places where the
//      account is not known share one lane, in which each neighbourhood (/24, /48) has one waiting attempt at
//      most. Each place where the account has logged in before has a lane of its own, which strangers cannot
//      fill.
//   2. Failures at several accounts ban the place they come from: an address, or after more failures the
//      prefixes around it. Failures at one account count little, and failures at an account known at the
//      place do not count, so that a telephone with an old password does not ban its whole office.
//   3. In a banned place only the passwords of accounts known there are checked.
//
// A place is an IPv4 address or an IPv6 /64. An account is known where it has logged in lately; this is kept
// in memory only, as hashes. All tables are bounded and drop the least recently used entries. Any thread (a
// mutex; used a few times per login, not per stanza). XEP-0205, RFC 6120 §13.12.
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
    unsigned failures = 20; ///< failures from one place within `window` before a ban; 0 = never
    std::chrono::seconds window { 600 };
    std::chrono::seconds ban { 3600 };
    std::chrono::milliseconds longest_wait { 10'000 }; ///< longest delay of an attempt; 0 = none
    std::vector<IpPrefix> exempt;                      ///< not counted by place, not banned by guesses
};

class LoginGuard;

/// One password check under way. Its holder reports the result. Without a result (the client disconnected or
/// the database failed) the attempt does not count. It counts while it is under way, so that parallel
/// attempts get no further than sequential ones.
class LoginAttempt {
public:
    LoginAttempt(LoginAttempt&& other) noexcept;
    LoginAttempt& operator=(LoginAttempt&& other) noexcept;
    ~LoginAttempt();

    /// Records a success: the account is known at this place from now on.
    void succeeded();

    struct Failure {
        std::optional<Ban> ban;  ///< the ban that this failure caused
        bool slows_down = false; ///< from this failure on, attempts at the account wait
    };
    Failure failed();

private:
    friend class LoginGuard;
    LoginAttempt(LoginGuard& guard, std::uint64_t account, const Neighbourhood& around, bool counted)
        : guard_(&guard), account_(account), around_(around), is_counted_by_place_(counted)
    {}

    LoginGuard* guard_; ///< null: the attempt has ended
    std::uint64_t account_;
    Neighbourhood around_;
    bool is_counted_by_place_;
};

class LoginGuard {
public:
    LoginGuard(const LoginLimits& limits, const Clock& clock);

    /// The caller waits for `time` and asks again; with `has_waited` set if `for_its_turn`.
    struct Wait {
        std::chrono::milliseconds time;
        bool for_its_turn;
    };
    /// Too many attempts are waiting already.
    struct Busy {};
    using Answer = std::variant<LoginAttempt, Wait, Busy, Ban>;
    /// Returns whether the password that `peer` sent for `account` (any unique text) may be checked now.
    Answer ask(std::string_view account, const boost::asio::ip::address& peer, bool has_waited);

    /// Returns the ban that refuses any connection from `peer`. A place where some account is known is
    /// admitted despite a ban by guesses; `ask` then decides for each account.
    std::optional<Ban> shuts_out(const boost::asio::ip::address& peer);

    /// Adds a ban by an administrator. Returns false if there are too many.
    bool ban(const Ban& ban);
    /// Removes the ban of exactly this prefix, and its failures.
    bool lift(const IpPrefix& prefix);
    std::vector<Ban> bans() const;
    /// Returns the bans that cover `prefix` or are inside it.
    std::vector<Ban> bans_touching(const IpPrefix& prefix) const;

    /// Forgets where the account was known, because the account was removed and its name may be used again.
    void forget(std::string_view account);

    /// Changes the limits. Returns how many bans ended because the new limits do not allow them.
    std::size_t set_limits(const LoginLimits& limits);

private:
    friend class LoginAttempt;

    /// Failures since a point in time.
    struct Count {
        SteadyTime since;
        unsigned failures = 0;
        bool was_told = false; ///< the caller was told that attempts wait now
    };
    /// Attempts that run one after another.
    struct Lane {
        Count count; ///< includes attempts under way
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
    RecentMap<std::uint64_t, SteadyTime> inhabited_; ///< places in `known_`, with their last login
    RecentMap<std::uint64_t, SteadyTime> forgotten_; ///< by account: earlier logins no longer make it known
    RecentMap<std::uint64_t, Count> strangers_;      ///< by account and place where it is not known
    RecentMap<std::uint64_t, Place> places_;         ///< by prefix of a neighbourhood
};

} // namespace stonechat
