// SPDX-License-Identifier: Apache-2.0
#include "modules/archive_expiry.hpp"

#include "base/log.hpp"
#include "modules/archive_choices.hpp"
#include "net/shard.hpp"
#include "router/host.hpp"
#include "router/router.hpp"

#include <chrono>

namespace stonechat {
namespace {

using namespace std::chrono_literals;

constexpr std::size_t expire_step = 200;
constexpr std::chrono::milliseconds between_steps = 1s;
constexpr std::chrono::milliseconds between_rounds = 10min;

constexpr std::size_t index_step = 256;
constexpr std::chrono::milliseconds while_behind = 250ms; ///< about a thousand messages per second
constexpr std::chrono::milliseconds while_ahead = 5s;
constexpr std::chrono::milliseconds after_failure = 1min;

} // namespace

ArchiveExpiry::ArchiveExpiry(Host& host)
    : host_(host), expire_timer_([](void* self) { static_cast<ArchiveExpiry*>(self)->expire(); }, this),
      index_timer_([](void* self) { static_cast<ArchiveExpiry*>(self)->index(); }, this)
{}

void ArchiveExpiry::start()
{
    if (host_.shard().index() != 0) {
        return;
    }
    host_.shard().post([this] {
        expire_timer_.start(host_.shard().timers(), between_steps);
        if (is_indexer()) {
            index_timer_.start(host_.shard().timers(), while_ahead);
        }
    });
}

void ArchiveExpiry::expire()
{
    const Retention retention = host_retention(host_.settings("archive"));
    host_.storage()
        .archive()
        .expire(host_.name(), retention, host_.clock().wall(), expire_step)
        .then([this](Result<std::size_t, StoreError> count) { expired(count); });
}

void ArchiveExpiry::expired(Result<std::size_t, StoreError> count)
{
    if (!count) {
        host_.log().warning("old messages not removed", { { "host", host_.name() } });
    }
    const bool more = count && *count >= expire_step;
    expire_timer_.start(host_.shard().timers(), more ? between_steps : between_rounds);
}

bool ArchiveExpiry::is_indexer() const
{
    for (const auto& host : host_.router().hosts()) {
        if (host->is_on("archive")) {
            return host.get() == &host_;
        }
    }
    return false;
}

void ArchiveExpiry::index()
{
    host_.storage().archive().index(index_step).then([this](Result<std::size_t, StoreError> count) {
        indexed(count);
    });
}

void ArchiveExpiry::indexed(Result<std::size_t, StoreError> count)
{
    if (!count) {
        host_.log().warning("messages not indexed", { { "host", host_.name() } });
        index_timer_.start(host_.shard().timers(), after_failure);
        return;
    }
    index_timer_.start(host_.shard().timers(), *count >= index_step ? while_behind : while_ahead);
}

} // namespace stonechat
