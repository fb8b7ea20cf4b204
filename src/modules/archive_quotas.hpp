// SPDX-License-Identifier: Apache-2.0
// ArchiveQuotas: keeps the archives of accounts within their quotas. What a user's archive takes is asked for
// when the first message goes into it, and counted from then on. Part of a user's slot; shard-bound.
#pragma once

#include "router/archive_quota.hpp"
#include "router/handlers.hpp"

#include <cstddef>

namespace stonechat {

class ArchiveQuotas {
public:
    void attach(Handlers& on);

    /// A message of `peer` goes into the archive of `user`, unless it is nearly full and `peer` is a
    /// stranger, who should not drive out what others have written: then false.
    bool admit(User& user, const Jid& peer, bool outgoing, std::size_t bytes) const;

private:
    struct Account {
        ArchiveQuota taken;
        std::optional<std::uint64_t> chosen; ///< by an administrator, for this account
    };
    using Slot = UserSlot<Account>;

    static std::uint64_t quota_of(const User& user, const Account& account);
    static Task<Done> check(std::shared_ptr<User> user, Slot slot);

    Slot slot_;
};

} // namespace stonechat
