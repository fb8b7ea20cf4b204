// SPDX-License-Identifier: Apache-2.0
#include "router/archive_quota.hpp"

#include <charconv>
#include <utility>

namespace stonechat {
namespace {

/// Returns the size to trim to: less than the quota, so that not each new message causes a trim.
constexpr std::uint64_t after_trimming(std::uint64_t quota)
{
    return quota / 5 * 4;
}

} // namespace

std::optional<std::uint64_t> archive_quota_in(std::string_view kept)
{
    std::uint64_t bytes = 0;
    const auto [end, failure] = std::from_chars(kept.data(), kept.data() + kept.size(), bytes);
    const bool is_number = failure == std::errc() && end == kept.data() + kept.size() && !kept.empty();
    return is_number ? std::optional(bytes) : std::nullopt;
}

SettingSpec ArchiveQuota::setting(const std::string& owner)
{
    constexpr std::int64_t gibibyte = 1024 * 1024 * 1024;
    return SettingSpec::bytes("quota_bytes", gibibyte, 0, 1024 * gibibyte,
        "Maximum size of the archived messages of one " + owner
            + ". The oldest are deleted beyond that; 0 = no limit.");
}

std::uint64_t ArchiveQuota::of_section(const Section& section)
{
    return static_cast<std::uint64_t>(section.integer("quota_bytes"));
}

bool ArchiveQuota::count(std::size_t bytes, std::uint64_t quota)
{
    taken_ += bytes;
    since_check_ += bytes;
    const bool is_over = quota != no_quota && taken_ > quota;
    return !is_checking_ && (!is_known_ || is_over);
}

bool ArchiveQuota::is_nearly_full(std::uint64_t quota) const
{
    return is_known_ && quota != no_quota && taken_ >= quota / 10 * 9;
}

void ArchiveQuota::reconsider()
{
    is_known_ = false;
    is_outdated_ = is_checking_;
}

Task<Done> ArchiveQuota::keep_within(Storage& storage, AccountKey owner,
    std::shared_ptr<ArchiveQuota> archive, Function<Task<Bytes>()> quota_of)
{
    bool goes_on = true;
    while (goes_on) {
        auto asking = quota_of();
        const auto quota = co_await asking;
        if (!quota) {
            archive->end_check(quota, no_quota);
            co_return Done();
        }
        auto checking = check(storage, owner, *quota);
        const auto taken = co_await checking;
        goes_on = archive->end_check(taken, *quota);
    }
    co_return Done();
}

Task<ArchiveQuota::Bytes> ArchiveQuota::check(Storage& storage, AccountKey owner, std::uint64_t quota)
{
    auto asking = storage.archive().size(owner);
    const auto size = co_await asking;
    if (!size || quota == no_quota || *size <= quota) {
        co_return size;
    }
    auto trimming = storage.archive().trim(owner, after_trimming(quota));
    co_return co_await trimming;
}

void ArchiveQuota::begin_check(std::size_t bytes)
{
    is_checking_ = true;
    since_check_ = bytes;
}

bool ArchiveQuota::end_check(const Bytes& taken, std::uint64_t quota)
{
    is_checking_ = false;
    const bool is_outdated = std::exchange(is_outdated_, false);
    if (!taken) {
        return false;
    }
    taken_ = *taken + since_check_;
    is_known_ = true;
    const bool is_over = quota != no_quota && taken_ > quota;
    if (is_over || is_outdated) {
        begin_check(0);
    }
    return is_over || is_outdated;
}

} // namespace stonechat
