// SPDX-License-Identifier: Apache-2.0
// ArchiveQuotas: keeps the archives of accounts within their quotas. The size of a user's archive is read
// from the store when the first message is archived, and counted in memory from then on. The count is in a
// slot of the user; shard-bound.
#pragma once

#include "router/archive_quota.hpp"
#include "router/handlers.hpp"

#include <cstddef>

namespace stonechat {

class ArchiveQuotas {
public:
    void attach(Handlers& on);

    /// Counts a message of `bytes` bytes to or from `peer` and returns true. Returns false if the archive is
    /// nearly full and the message comes from a stranger (not in the roster), so that strangers cannot push
    /// out the messages of contacts.
    bool admit(User& user, const Jid& peer, bool outgoing, std::size_t bytes) const;

private:
    struct Account {
        ArchiveQuota taken;
        std::optional<std::uint64_t> chosen; ///< quota that an administrator set for this account
    };
    using Slot = UserSlot<Account>;

    static std::uint64_t quota_of(const User& user, const Account& account);
    static Task<ArchiveQuota::Bytes> read_quota(std::shared_ptr<User> user, Slot slot);

    Slot slot_;
};

} // namespace stonechat
