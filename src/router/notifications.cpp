// SPDX-License-Identifier: Apache-2.0
#include "router/notifications.hpp"

#include "net/shard.hpp"
#include "router/destination.hpp"
#include "router/router.hpp"

#include <algorithm>
#include <utility>

namespace stonechat {

void Notifications::deliver(Notification notification)
{
    Stanza shared = *notification.event;
    shared.serialize_for_many();
    auto event = std::make_unique<UnderWay>(std::move(notification), std::move(shared));
    if (waiting_.empty()) {
        deliver_portion(*event);
        if (event->is_done()) {
            return;
        }
        router_.shard().post([this] { go_on(); });
    }
    waiting_.push_back(std::move(event));
}

void Notifications::go_on()
{
    deliver_portion(*waiting_.front());
    if (waiting_.front()->is_done()) {
        waiting_.pop_front();
    }
    if (!waiting_.empty()) {
        router_.shard().post([this] { go_on(); });
    }
}

void Notifications::deliver_portion(UnderWay& event)
{
    const auto& targets = event.notification.targets;
    const std::size_t end = std::min(targets.size(), event.next + portion);
    for (; event.next < end; ++event.next) {
        const NotificationTarget& target = targets[event.next];
        if (Destination* taker = router_.destination(target.account.domain())) {
            taker->deliver_notification(event.shared, target, event.notification.feature);
        }
    }
}

} // namespace stonechat
