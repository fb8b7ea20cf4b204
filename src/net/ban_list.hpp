// SPDX-License-Identifier: Apache-2.0
// BanList: prefixes from which nobody may log in: those where too many passwords were guessed, for the time
// that the settings say, and those that an administrator has named. Bounded. Not thread-safe: it is a part of
// the LoginGuard, which has the lock.
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
    std::optional<WallTime> until; ///< nothing: until it is removed
    unsigned failures = 0;         ///< that led to it; of Cause::guesses
    std::string reason;            ///< an administrator's, may be empty

    friend bool operator==(const Ban&, const Ban&) = default;
};

/// When it ends, for the log: a DateTime, or "removed".
std::string end_text(const Ban& ban);

class BanList {
public:
    static constexpr std::size_t most = 16384;
    static constexpr std::size_t most_of_administrators = 1024;

    /// What of the settings decides which bans by guesses there are.
    struct Terms {
        unsigned failures = 20; ///< of a single address; 0 = there are no such bans
        std::chrono::seconds length { 3600 };
        std::vector<IpPrefix> exempt; ///< from those bans
    };

    explicit BanList(const Clock& clock) : clock_(clock) {}

    /// Under other terms some bans by guesses are over; how many those are. They do not come back.
    std::size_t set_terms(Terms terms);
    const Terms& terms() const { return terms_; }
    bool is_exempt(const boost::asio::ip::address& peer) const;

    /// Bans `prefix`, which had so many failures; one of its width may have `share` times those of a single
    /// address. When the list is full, the oldest goes.
    Ban add_by_guesses(const IpPrefix& prefix, unsigned failures, unsigned share);
    /// A ban by an administrator; takes the place of one that there is for the same prefix. False if there
    /// are too many of them.
    bool add(const Ban& ban);
    /// Removes the ban of exactly this prefix; false if there is none.
    bool remove(const IpPrefix& prefix);

    /// A ban that holds for `peer`; an administrator's comes before others, then the widest.
    std::optional<Ban> find(const boost::asio::ip::address& peer) const;
    /// Those in force that touch `prefix`, by length and address.
    std::vector<Ban> touching(const IpPrefix& prefix) const;
    /// Those in force, by length and address.
    std::vector<Ban> list() const;

private:
    struct Entry {
        Ban ban;
        SteadyTime begun; ///< of Cause::guesses
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
