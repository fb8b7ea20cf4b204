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
            slot.of(*held).taken.end_check(std::nullopt, no_quota);
        };
        start(
            check(user.shared_from_this(), slot_), [](Done) {}, failed);
    }
    return true;
}

Task<Done> ArchiveQuotas::check(std::shared_ptr<User> user, Slot slot)
{
    Storage& storage = user->host().storage();
    Account& account = slot.of(*user);
    bool goes_on = true;
    while (goes_on) {
        auto reading = storage.keyval().get(user->key(), archive_quota_store, archive_quota_key);
        const auto chosen = co_await reading;
        if (!chosen) {
            account.taken.end_check(std::nullopt, no_quota);
            co_return Done();
        }
        account.chosen = archive_quota_in(chosen->value_or(std::string()));
        const std::uint64_t quota = quota_of(*user, account);
        auto checking = ArchiveQuota::check(storage, user->key(), quota);
        const auto taken = co_await checking;
        std::optional<std::uint64_t> known;
        if (taken) {
            known = *taken;
        }
        goes_on = account.taken.end_check(known, quota);
    }
    co_return Done();
}

} // namespace stonechat
