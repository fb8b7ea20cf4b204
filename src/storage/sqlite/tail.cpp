// SPDX-License-Identifier: Apache-2.0
#include "storage/sqlite/tail.hpp"

#include <algorithm>
#include <utility>

namespace stonechat::sqlite {

void Tail::add(std::vector<TailEntry> entries)
{
    if (entries.empty()) {
        return;
    }
    const std::lock_guard lock(mutex_);
    for (auto& entry : entries) {
        by_owner_[entry.owner].push_back(std::move(entry));
    }
}

void Tail::drop(std::int64_t id)
{
    const std::lock_guard lock(mutex_);
    dropped_ = id;
    for (auto owner = by_owner_.begin(); owner != by_owner_.end();) {
        auto& entries = owner->second;
        const auto rest = std::find_if(entries.begin(), entries.end(),
            [id](const TailEntry& entry) { return entry.id > id; });
        entries.erase(entries.begin(), rest);
        const auto here = owner++;
        if (entries.empty()) {
            by_owner_.erase(here);
        }
    }
}

bool Tail::has(std::int64_t owner, std::int64_t above, std::int64_t below) const
{
    const std::lock_guard lock(mutex_);
    const auto found = by_owner_.find(owner);
    if (found == by_owner_.end()) {
        return false;
    }
    const auto first = first_behind(found->second, above);
    return first != found->second.end() && first->id < below;
}

Tail::Entries::const_iterator Tail::first_behind(const Entries& entries, std::int64_t id)
{
    return std::upper_bound(entries.begin(), entries.end(), id,
        [](std::int64_t number, const TailEntry& entry) { return number < entry.id; });
}

std::vector<TailEntry> Tail::sorted() const
{
    std::vector<TailEntry> all;
    {
        const std::lock_guard lock(mutex_);
        for (const auto& [owner, entries] : by_owner_) {
            all.insert(all.end(), entries.begin(), entries.end());
        }
    }
    std::sort(all.begin(), all.end());
    return all;
}

} // namespace stonechat::sqlite
