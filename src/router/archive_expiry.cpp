// SPDX-License-Identifier: Apache-2.0
#include "router/archive_expiry.hpp"

#include "base/log.hpp"
#include "net/shard.hpp"
#include "router/host.hpp"
#include "storage/storage.hpp"

#include <chrono>
#include <utility>

namespace stonechat {
namespace {

using namespace std::chrono_literals;

constexpr std::size_t messages_in_a_step = 200;
constexpr std::chrono::milliseconds between_steps = 1s;
constexpr std::chrono::milliseconds between_rounds = 10min;

} // namespace

ArchiveExpiry::ArchiveExpiry(Host& host, std::string domain, std::function<Retention()> retention)
    : host_(host), domain_(std::move(domain)), retention_(std::move(retention)),
      timer_([](void* self) { static_cast<ArchiveExpiry*>(self)->expire(); }, this)
{}

void ArchiveExpiry::start()
{
    timer_.start(host_.shard().timers(), between_steps);
}

void ArchiveExpiry::expire()
{
    host_.storage()
        .archive()
        .expire(domain_, retention_(), host_.clock().wall(), messages_in_a_step)
        .then([this](const Result<std::size_t, StoreError>& count) {
            if (!count) {
                host_.log().warning("old messages not removed", { { "host", domain_ } });
            }
            const bool more = count && *count >= messages_in_a_step;
            timer_.start(host_.shard().timers(), more ? between_steps : between_rounds);
        });
}

} // namespace stonechat
