// SPDX-License-Identifier: Apache-2.0
#include "modules/archive_indexing.hpp"

#include "base/log.hpp"
#include "net/shard.hpp"
#include "router/host.hpp"
#include "router/router.hpp"
#include "storage/storage.hpp"

#include <chrono>

namespace stonechat {
namespace {

using namespace std::chrono_literals;

constexpr std::size_t messages_in_a_step = 256;
constexpr std::chrono::milliseconds while_behind = 250ms; ///< about a thousand messages per second
constexpr std::chrono::milliseconds while_ahead = 5s;
constexpr std::chrono::milliseconds after_failure = 1min;

} // namespace

ArchiveIndexing::ArchiveIndexing(Host& host)
    : host_(host), timer_([](void* self) { static_cast<ArchiveIndexing*>(self)->index(); }, this)
{}

void ArchiveIndexing::start()
{
    if (is_indexer()) {
        timer_.start(host_.shard().timers(), while_ahead);
    }
}

bool ArchiveIndexing::is_indexer() const
{
    for (const auto& host : host_.router().hosts()) {
        if (host->is_on("archive")) {
            return host.get() == &host_;
        }
    }
    return false;
}

void ArchiveIndexing::index()
{
    host_.storage().archive().index(messages_in_a_step).then([this](Result<std::size_t, StoreError> count) {
        indexed(count);
    });
}

void ArchiveIndexing::indexed(Result<std::size_t, StoreError> count)
{
    if (!count) {
        host_.log().warning("messages not indexed", { { "host", host_.name() } });
        timer_.start(host_.shard().timers(), after_failure);
        return;
    }
    timer_.start(host_.shard().timers(), *count >= messages_in_a_step ? while_behind : while_ahead);
}

} // namespace stonechat
