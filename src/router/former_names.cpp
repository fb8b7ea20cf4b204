// SPDX-License-Identifier: Apache-2.0
#include "router/former_names.hpp"

#include <algorithm>

namespace stonechat {

void FormerNames::remember(const std::vector<FormerName>& names)
{
    const std::lock_guard lock(mutex_);
    for (const FormerName& each : names) {
        former_[each.name] = { each.removed, each.holders };
    }
}

std::uint64_t FormerNames::number_of(const Jid& account) const
{
    return std::max<std::uint64_t>(1, hash_(account.bare_text()));
}

std::uint32_t FormerNames::holders(const Jid& account) const
{
    const std::lock_guard lock(mutex_);
    const auto found = former_.find(number_of(account));
    return found == former_.end() ? 0 : found->second.holders;
}

std::optional<WallTime> FormerNames::removed(const Jid& account) const
{
    const std::lock_guard lock(mutex_);
    const auto found = former_.find(number_of(account));
    return found == former_.end() ? std::nullopt : std::optional(found->second.removed);
}

bool FormerNames::begin_removal(const Jid& account)
{
    const std::lock_guard lock(mutex_);
    return under_way_.insert(number_of(account)).second;
}

void FormerNames::end_removal(const Jid& account, std::optional<WallTime> removed)
{
    const std::lock_guard lock(mutex_);
    const std::uint64_t number = number_of(account);
    under_way_.erase(number);
    if (removed) {
        Former& former = former_[number];
        former.removed = *removed;
        ++former.holders;
    }
}

bool FormerNames::is_being_removed(const Jid& account) const
{
    const std::lock_guard lock(mutex_);
    return under_way_.contains(number_of(account));
}

} // namespace stonechat
