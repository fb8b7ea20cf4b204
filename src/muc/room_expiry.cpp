// SPDX-License-Identifier: Apache-2.0
#include "muc/room_expiry.hpp"

#include "base/log.hpp"
#include "muc/muc_service.hpp"
#include "muc/room.hpp"
#include "net/shard.hpp"
#include "router/host.hpp"
#include "router/router.hpp"
#include "router/server.hpp"
#include "storage/storage.hpp"

#include <chrono>

namespace stonechat {
namespace {

using namespace std::chrono_literals;

constexpr std::size_t expire_step = 200;
constexpr std::chrono::milliseconds between_steps = 1s;
constexpr std::chrono::milliseconds between_rounds = 10min;
constexpr std::size_t rooms_at_once = 500;

} // namespace

RoomExpiry::RoomExpiry(MucService& service)
    : service_(service), expire_timer_([](void* self) { static_cast<RoomExpiry*>(self)->expire(); }, this)
{
    Shard& shard = service.host().shard();
    if (shard.index() == 0) {
        shard.post([this, &shard] {
            expire_timer_.start(shard.timers(), between_steps);
            look_for_leftovers({});
        });
    }
}

void RoomExpiry::expire()
{
    Host& host = service_.host();
    host.storage()
        .archive()
        .expire(service_.domain().text(), service_.retention(), host.clock().wall(), expire_step)
        .then([this, &host](const Result<std::size_t, StoreError>& count) {
            if (!count) {
                host.log().warning("old messages not removed", { { "host", service_.domain().text() } });
            }
            const bool more = count && *count >= expire_step;
            expire_timer_.start(host.shard().timers(), more ? between_steps : between_rounds);
        });
}

/// Loads all rooms that are not persistent. A loaded room of that kind is removed when nobody returns to it.
void RoomExpiry::look_for_leftovers(std::string after)
{
    service_.host()
        .storage()
        .rooms()
        .list(service_.domain().text(), std::move(after), rooms_at_once, false)
        .then([this](const Result<std::vector<RoomSummary>, StoreError>& rooms) {
            if (!rooms || rooms->empty()) {
                return;
            }
            look_at(*rooms);
            if (rooms->size() == rooms_at_once) {
                look_for_leftovers(rooms->back().room);
            }
        });
}

void RoomExpiry::look_at(const std::vector<RoomSummary>& rooms)
{
    for (const RoomSummary& room : rooms) {
        const auto address = Jid::from_parts(room.room, service_.domain().text());
        if (room.persistent || !address) {
            continue;
        }
        service_.host().router().server().at_home(*address, [address = *address](Router& home) {
            if (auto* service = dynamic_cast<MucService*>(home.service(address.domain()))) {
                service->room(address);
            }
        });
    }
}

} // namespace stonechat
