// SPDX-License-Identifier: Apache-2.0
// BanList: prefixes from which nobody may log in: those from which too many passwords were guessed, for a
// configured time, and those banned by an administrator. Bounded. Not thread-safe: it is part of the
// LoginGuard, which holds the lock.
#pragma once

#include "base/clock.hpp"
#include "net/ip_prefix.hpp"

#include <cstddef>
#include <map>
#include <optional>
#include <string>
#include <vector>

namespace stonechat {

struct Ban {
    enum class Cause { guesses, administrator };

    IpPrefix prefix;
    Cause cause = Cause::guesses;
    WallTime since;
    std::optional<WallTime> until; ///< nothing: until the ban is removed
    unsigned failures = 0;         ///< failures that led to the ban; only with Cause::guesses
    std::string reason;            ///< given by the administrator; may be empty

    friend bool operator==(const Ban&, const Ban&) = default;
};

/// Returns the end of the ban for the log: a DateTime, or "removed".
std::string end_text(const Ban& ban);

class BanList {
public:
    static constexpr std::size_t most = 16384;
    static constexpr std::size_t most_of_administrators = 1024;

    /// The settings that decide about bans by guesses.
    struct Terms {
        unsigned failures = 20; ///< allowed for a single address; 0 = no such bans
        std::chrono::seconds length { 3600 };
        std::vector<IpPrefix> exempt; ///< exempt from bans by guesses
    };

    explicit BanList(const Clock& clock) : clock_(clock) {}

    /// Changes the terms. Ends, for good, the bans by guesses that the new terms do not allow. Returns how
    /// many.
    std::size_t set_terms(Terms terms);
    const Terms& terms() const { return terms_; }
    bool is_exempt(const boost::asio::ip::address& peer) const;

    /// Bans `prefix` after `failures` failures. `share`: how many times the failures of a single address are
    /// allowed for a prefix of this length. When the list is full, the oldest ban by guesses is dropped.
    Ban add_by_guesses(const IpPrefix& prefix, unsigned failures, unsigned share);
    /// Adds a ban by an administrator. Replaces an existing ban of the same prefix. Returns false if there
    /// are too many.
    bool add(const Ban& ban);
    /// Removes the ban of exactly this prefix. Returns false if there is none.
    bool remove(const IpPrefix& prefix);

    /// Returns a ban that covers `peer`: bans by administrators first, then the widest prefix.
    std::optional<Ban> find(const boost::asio::ip::address& peer) const;
    /// Returns the bans in force that overlap `prefix`, sorted by length and address.
    std::vector<Ban> touching(const IpPrefix& prefix) const;
    /// Returns the bans in force, sorted by length and address.
    std::vector<Ban> list() const;

private:
    struct Entry {
        Ban ban;
        SteadyTime begun; ///< only with Cause::guesses
        unsigned share = 1;
    };
    using Key = std::pair<unsigned, std::string>; ///< length, and the prefix as text
    static Key key_of(const IpPrefix& prefix);
    bool is_in_force(const Entry& entry) const;
    Ban as_of_now(const Entry& entry) const;
    void purge();
    void make_room();

    const Clock& clock_;
    Terms terms_;
    std::map<Key, Entry> bans_;
};

} // namespace stonechat
