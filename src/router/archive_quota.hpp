// SPDX-License-Identifier: Apache-2.0
// ArchiveQuota: the size limit of one archive, of an account or a room. The owner of the archive counts what
// it adds, and removes the oldest messages when the archive exceeds its quota. Part of the owner;
// shard-bound.
#pragma once

#include "base/function.hpp"
#include "base/result.hpp"
#include "base/task.hpp"
#include "config/settings.hpp"
#include "storage/storage.hpp"

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

namespace stonechat {

/// The value for: no limit.
inline constexpr std::uint64_t no_quota = 0;

/// Store and key in KeyvalStore of the quota that an administrator chose for one account, in bytes as text.
inline constexpr const char* archive_quota_store = "archive_quota";
inline constexpr const char* archive_quota_key = "";

/// Parses a value of archive_quota_store; nullopt if it is no number.
std::optional<std::uint64_t> archive_quota_in(std::string_view kept);

class ArchiveQuota {
public:
    /// The setting `quota_bytes` of a module that has archives; `owner` says whose, for its description.
    static SettingSpec setting(const std::string& owner);
    static std::uint64_t of_section(const Section& section);

    /// Counts a stanza that is added to the archive. Returns true if the caller has to call begin_check() and
    /// keep_within() now.
    bool count(std::size_t bytes, std::uint64_t quota);
    /// Whether the archive has reached nine tenths of the quota: nothing more should be accepted from
    /// strangers.
    bool is_nearly_full(std::uint64_t quota) const;

    using Bytes = Result<std::uint64_t, StoreError>;
    /// Asks the store for the size of the archive. If it exceeds `quota`, removes the oldest messages down to
    /// four fifths of the quota. Returns the size afterwards.
    static Task<Bytes> check(Storage& storage, AccountKey owner, std::uint64_t quota);
    /// Runs checks of the archive of `owner` until it fits. Asks `quota_of` for the quota before each one.
    /// `archive` keeps alive what it is a part of. Call begin_check() before.
    static Task<Done> keep_within(Storage& storage, AccountKey owner, std::shared_ptr<ArchiveQuota> archive,
        Function<Task<Bytes>()> quota_of);
    /// `bytes` is the message that triggered the check, which may not be stored before the check is done.
    void begin_check(std::size_t bytes);
    /// `taken` is the size of the archive now; after an error the next message triggers another check.
    /// Returns true if another check has to run at once: messages counted meanwhile exceed the quota, or
    /// reconsider() was called meanwhile.
    bool end_check(const Bytes& taken, std::uint64_t quota);
    /// Call when the quota or the archive has changed otherwise: the next message triggers a check, and a
    /// running check is repeated.
    void reconsider();

private:
    /// Estimated size in bytes; too high if a counted message was not stored in the end.
    std::uint64_t taken_ = 0;
    std::uint64_t since_check_ = 0; ///< bytes that the running check may not have seen
    bool is_known_ = false;
    bool is_checking_ = false;
    bool is_outdated_ = false; ///< reconsider() was called during the running check
};

} // namespace stonechat
