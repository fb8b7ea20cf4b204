// SPDX-License-Identifier: Apache-2.0
// ArchiveQuota: how much an archive may take. An owner of archives, an account or a room, counts what it
// adds, and has the oldest messages removed when that is more than its quota. Shard-bound.
#pragma once

#include "base/result.hpp"
#include "base/task.hpp"
#include "config/settings.hpp"
#include "storage/storage.hpp"

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace stonechat {

/// No quota.
inline constexpr std::uint64_t no_quota = 0;

/// The store of KeyvalStore where an administrator's choice for one account is, under this key: bytes as
/// text.
inline constexpr const char* archive_quota_store = "archive_quota";
inline constexpr const char* archive_quota_key = "";

/// What is kept there; nothing if there is no choice.
std::optional<std::uint64_t> archive_quota_in(std::string_view kept);

class ArchiveQuota {
public:
    /// How much an archive may take: `quota_bytes` of the module that has archives, each of one `owner`.
    static SettingSpec setting(const std::string& owner);
    static std::uint64_t of_section(const Section& section);

    /// Counts a stanza that goes into the archive. True if `check` is to be called now.
    bool count(std::size_t bytes, std::uint64_t quota);
    /// It takes so much that nothing more should come from strangers: nine tenths of the quota.
    bool is_nearly_full(std::uint64_t quota) const;

    /// One check at a time: what the archive really takes is asked for, and if that is more than `quota`, the
    /// oldest go until four fifths of it are left. What it takes then.
    static Task<Result<std::uint64_t, StoreError>> check(Storage& storage, AccountKey owner,
        std::uint64_t quota);
    void begin_check() { is_checking_ = true; }
    /// `taken`: what `check` said; nothing if it failed, then the next message has it done again.
    void end_check(std::optional<std::uint64_t> taken);
    /// Something has changed: the next message has it checked.
    void reconsider() { is_known_ = false; }

private:
    std::uint64_t taken_ = 0; ///< as far as is known; more than that if a message was not kept in the end
    bool is_known_ = false;
    bool is_checking_ = false;
};

} // namespace stonechat
