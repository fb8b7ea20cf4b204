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

std::optional<std::vector<TailEntry>> Tail::of(std::int64_t owner, std::int64_t filed) const
{
    const std::lock_guard lock(mutex_);
    if (dropped_ > filed) {
        return std::nullopt;
    }
    const auto found = by_owner_.find(owner);
    return found == by_owner_.end() ? std::vector<TailEntry>() : found->second;
}

bool Tail::has(std::int64_t owner, std::int64_t above, std::int64_t below) const
{
    const std::lock_guard lock(mutex_);
    const auto found = by_owner_.find(owner);
    if (found == by_owner_.end()) {
        return false;
    }
    const auto& entries = found->second;
    const auto first = std::upper_bound(entries.begin(), entries.end(), above,
        [](std::int64_t id, const TailEntry& entry) { return id < entry.id; });
    return first != entries.end() && first->id < below;
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
