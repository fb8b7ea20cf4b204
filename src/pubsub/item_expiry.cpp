// SPDX-License-Identifier: Apache-2.0
#include "pubsub/item_expiry.hpp"

#include "base/log.hpp"
#include "net/shard.hpp"
#include "router/host.hpp"
#include "router/router.hpp"
#include "router/server.hpp"
#include "storage/storage.hpp"

#include <chrono>
#include <utility>

namespace stonechat {
namespace {

using namespace std::chrono_literals;

constexpr std::size_t items_in_a_step = 200;
constexpr std::chrono::milliseconds between_item_steps = 100ms;
constexpr std::chrono::milliseconds between_item_rounds = 10s;

std::size_t count_of(const std::vector<NodeStore::Expired>& expired)
{
    std::size_t count = 0;
    for (const NodeStore::Expired& each : expired) {
        count += each.ids.size();
    }
    return count;
}

} // namespace

ItemExpiry::ItemExpiry(Host& host)
    : host_(host), timer_([](void* self) { static_cast<ItemExpiry*>(self)->expire(); }, this)
{}

void ItemExpiry::start()
{
    timer_.start(host_.shard().timers(), between_item_rounds);
}

void ItemExpiry::expire()
{
    using Removed = Result<std::vector<NodeStore::Expired>, StoreError>;
    host_.storage()
        .nodes()
        .expire(host_.clock().wall(), items_in_a_step)
        .then([this](const Removed& removed) {
            if (!removed) {
                host_.log().warning("old items of nodes not removed");
            } else {
                tell(*removed);
            }
            const bool more = removed && count_of(*removed) >= items_in_a_step;
            timer_.start(host_.shard().timers(), more ? between_item_steps : between_item_rounds);
        });
}

void ItemExpiry::tell(const std::vector<NodeStore::Expired>& expired)
{
    for (const NodeStore::Expired& each : expired) {
        const auto service = Jid::from_parts(each.service.user, each.service.host);
        if (!service) {
            continue;
        }
        host_.router().server().at_home(*service, [each, service = *service](Router& home) {
            for (const auto& host : home.hosts()) {
                for (const Handlers::OnExpired& take : host->handlers().on_items_expired()) {
                    take(service, each.node, each.ids);
                }
            }
        });
    }
}

} // namespace stonechat
