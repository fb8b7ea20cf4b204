// SPDX-License-Identifier: Apache-2.0
#include "modules/notice_lookup.hpp"

#include "base/background.hpp"
#include "base/log.hpp"
#include "router/host.hpp"
#include "router/router.hpp"
#include "router/server.hpp"
#include "storage/storage.hpp"

#include <utility>

namespace stonechat {
namespace {

constexpr std::size_t lookups_at_once = 32;
/// Of one account, while it is looked up. What is more is not counted in its first notification.
constexpr std::size_t most_waiting_notices = 10;

} // namespace

void NoticeLookup::attach(Host& host, std::string store, OnFound found)
{
    host_ = &host;
    store_ = std::move(store);
    found_ = std::move(found);
}

void NoticeLookup::look_up(const RoomNotice& notice)
{
    const auto [entry, is_new] = waiting_.try_emplace(std::string(notice.user.local()));
    if (entry->second.size() < most_waiting_notices) {
        entry->second.push_back(notice);
    }
    if (is_new) {
        next_.emplace_back(notice.user.local());
        go_on();
    }
}

void NoticeLookup::go_on()
{
    while (running_ < lookups_at_once && !next_.empty()) {
        ++running_;
        std::string account = std::move(next_.front());
        next_.pop_front();
        start_in_background(look_into_store(std::move(account)), host_->log(), "notices of rooms lost");
    }
}

Task<Done> NoticeLookup::look_into_store(std::string account)
{
    const AccountKey key { host_->name(), account };
    auto pending = host_->storage().keyval().load(key, store_);
    const auto devices = co_await pending;
    --running_;
    const auto found = waiting_.find(account);
    const std::vector<RoomNotice> notices = std::move(found->second);
    waiting_.erase(found);
    if (devices && devices->empty() && host_->find_user(account) == nullptr) {
        for (const RoomNotice& notice : notices) {
            set_notice_interest(host_->router().server(), notice, NoticeInterest::none);
        }
    } else if (devices) {
        for (const RoomNotice& notice : notices) {
            found_(notice);
        }
    } else {
        host_->log().warning("notices of rooms lost: the store failed", { { "account", account } });
    }
    go_on();
    co_return Done();
}

} // namespace stonechat
