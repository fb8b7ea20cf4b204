// SPDX-License-Identifier: Apache-2.0
// Tail: the newest messages, which are in the table `message` but not yet all filed by conversation (Filing).
// The writer adds what it has committed, and drops what it has filed; readers ask for what one owner has
// there. Any thread.
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

/// One owner's row in `archive`, there already or still to come.
struct TailEntry {
    std::int64_t owner = 0;
    std::int64_t peer = 0;
    std::int64_t id = 0;
    bool outgoing = false;
    std::optional<std::string> resource;
    std::optional<std::int64_t> replay;
    std::int64_t size = 0; ///< of the stanza, when it came

    friend bool operator<(const TailEntry& a, const TailEntry& b)
    {
        return std::tie(a.owner, a.peer, a.id) < std::tie(b.owner, b.peer, b.id);
    }
};

class Tail {
public:
    /// So many entries are filed together.
    explicit Tail(std::size_t segment) : segment_(segment) {}
    std::size_t segment() const { return segment_; }

    /// These are committed, in order of id, and newer than all that are here.
    void add(std::vector<TailEntry> entries);
    /// Those up to `id` are filed, and that is committed.
    void drop(std::int64_t id);

    /// Shows what `owner` has here between these ids, in their order; meanwhile nobody else gets here. False
    /// if something behind `filed` has been dropped: who reads the rest in a snapshot of the database that
    /// has filed so much must begin a newer one.
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
    /// Whether `owner` has something here between these ids.
    bool has(std::int64_t owner, std::int64_t above, std::int64_t below) const;
    /// The newest entry of `owner` behind `above` that `is_one` says is one; meanwhile nobody else gets here.
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
    /// Everything, in order of owner, peer and id.
    std::vector<TailEntry> sorted() const;

private:
    using Entries = std::vector<TailEntry>;
    static Entries::const_iterator first_behind(const Entries& entries, std::int64_t id);

    const std::size_t segment_;
    mutable std::mutex mutex_;
    boost::unordered_flat_map<std::int64_t, Entries> by_owner_;
    std::int64_t dropped_ = 0; ///< nothing up to this id is here
};

} // namespace stonechat::sqlite
