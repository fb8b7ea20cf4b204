// SPDX-License-Identifier: Apache-2.0
#include "modules/archive_quotas.hpp"

#include "base/log.hpp"
#include "router/host.hpp"
#include "router/user.hpp"

#include <utility>

namespace stonechat {
namespace {

bool is_stranger(const User& user, const Jid& peer)
{
    const RosterRecord* record = user.roster().find(peer.bare_text());
    return !user.jid().same_bare(peer) && (record == nullptr || !record->in_roster);
}

} // namespace

void ArchiveQuotas::attach(Handlers& on)
{
    slot_ = on.user_slot<Account>();
    on.account_changed([this](const Context& c) { slot_.of(*c.user).taken.reconsider(); });
}

std::uint64_t ArchiveQuotas::quota_of(const User& user, const Account& account)
{
    return account.chosen ? *account.chosen : ArchiveQuota::of_section(user.host().settings("archive"));
}

bool ArchiveQuotas::admit(User& user, const Jid& peer, bool outgoing, std::size_t bytes) const
{
    Account& account = slot_.of(user);
    const std::uint64_t quota = quota_of(user, account);
    if (!outgoing && account.taken.is_nearly_full(quota) && is_stranger(user, peer)) {
        return false;
    }
    if (account.taken.count(bytes, quota)) {
        account.taken.begin_check(bytes);
        const auto failed = [held = user.shared_from_this(), slot = slot_](const std::exception_ptr&) {
            held->host().log().error("quota of an archive not checked",
                { { "account", held->jid().text() } });
            slot.of(*held).taken.end_check(StoreError::unavailable, no_quota);
        };
        const auto held = user.shared_from_this();
        start(
            ArchiveQuota::keep_within(user.host().storage(), user.key(),
                std::shared_ptr<ArchiveQuota>(held, &account.taken),
                [held, slot = slot_] { return read_quota(held, slot); }),
            [](Done) {}, failed);
    }
    return true;
}

/// Reads what the administrator chose for the account, and returns its quota.
Task<ArchiveQuota::Bytes> ArchiveQuotas::read_quota(std::shared_ptr<User> user, Slot slot)
{
    auto reading = user->host().storage().keyval().get(user->key(), archive_quota_store, archive_quota_key);
    const auto chosen = co_await reading;
    if (!chosen) {
        co_return chosen.error();
    }
    Account& account = slot.of(*user);
    account.chosen = archive_quota_in(chosen->value_or(std::string()));
    co_return quota_of(*user, account);
}

} // namespace stonechat
