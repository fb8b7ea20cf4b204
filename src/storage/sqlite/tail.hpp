// SPDX-License-Identifier: Apache-2.0
// Tail: the newest messages, which are in the table `message` but not all filed by conversation yet (Filing).
// The writer adds committed entries and drops filed ones; readers look up the entries of one owner. Any
// thread.
#pragma once

#include <boost/unordered/unordered_flat_map.hpp>

#include <cstddef>
#include <cstdint>
#include <mutex>
#include <optional>
#include <string>
#include <tuple>
#include <vector>

namespace stonechat::sqlite {

/// One owner's row in `archive`, inserted already or not yet.
struct TailEntry {
    std::int64_t owner = 0;
    std::int64_t peer = 0;
    std::int64_t id = 0;
    bool outgoing = false;
    std::optional<std::string> resource;
    std::optional<std::int64_t> replay;
    std::int64_t size = 0; ///< size of the stanza when it arrived

    friend bool operator<(const TailEntry& a, const TailEntry& b)
    {
        return std::tie(a.owner, a.peer, a.id) < std::tie(b.owner, b.peer, b.id);
    }
};

class Tail {
public:
    /// `segment`: number of entries that are filed together.
    explicit Tail(std::size_t segment) : segment_(segment) {}
    std::size_t segment() const { return segment_; }

    /// Adds committed entries, in order of id and newer than all entries here.
    void add(std::vector<TailEntry> entries);
    /// Drops the entries up to `id`, after a commit that filed them.
    void drop(std::int64_t id);

    /// Calls `at` for each entry of `owner` between `above` and `below` (both excluded), in order of id,
    /// under the lock. Returns false, without a call, if entries after `filed` have been dropped. The caller
    /// reads the filed entries in a snapshot of the database whose state is `filed`, and must then begin a
    /// newer snapshot.
    template <class Look>
    bool look(std::int64_t owner, std::int64_t filed, std::int64_t above, std::int64_t below, Look at) const
    {
        const std::lock_guard lock(mutex_);
        const auto found = by_owner_.find(owner);
        if (dropped_ <= filed && found != by_owner_.end()) {
            auto entry = first_behind(found->second, above);
            for (; entry != found->second.end() && entry->id < below; ++entry) {
                at(*entry);
            }
        }
        return dropped_ <= filed;
    }
    /// Returns whether `owner` has an entry between these ids.
    bool has(std::int64_t owner, std::int64_t above, std::int64_t below) const;
    /// Returns the newest entry of `owner` after `above` for which `is_one` returns true. Runs under the
    /// lock.
    template <class Predicate>
    std::optional<std::int64_t> newest(std::int64_t owner, std::int64_t above, Predicate is_one) const
    {
        const std::lock_guard lock(mutex_);
        const auto found = by_owner_.find(owner);
        if (found != by_owner_.end()) {
            const auto& entries = found->second;
            for (auto entry = entries.rbegin(); entry != entries.rend() && entry->id > above; ++entry) {
                if (is_one(*entry)) {
                    return entry->id;
                }
            }
        }
        return std::nullopt;
    }
    /// Returns all entries, sorted by owner, peer and id.
    std::vector<TailEntry> sorted() const;

private:
    using Entries = std::vector<TailEntry>;
    static Entries::const_iterator first_behind(const Entries& entries, std::int64_t id);

    const std::size_t segment_;
    mutable std::mutex mutex_;
    boost::unordered_flat_map<std::int64_t, Entries> by_owner_;
    std::int64_t dropped_ = 0; ///< entries up to this id have been dropped
};

} // namespace stonechat::sqlite
