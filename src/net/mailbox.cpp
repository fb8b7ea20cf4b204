// SPDX-License-Identifier: Apache-2.0
#include "net/mailbox.hpp"

namespace stonechat {
namespace {

/// Above this capacity the memory is freed after a flood; below it, it is kept for the next batch.
constexpr std::size_t kept_capacity = 4096;

} // namespace

bool Mailbox::push(Function<void()> task)
{
    const std::lock_guard lock(mutex_);
    incoming_.push_back(std::move(task));
    return incoming_.size() == 1;
}

void Mailbox::drain()
{
    {
        const std::lock_guard lock(mutex_);
        running_.swap(incoming_);
    }
    for (auto& task : running_) {
        // Move the task out, so that what it owns is destroyed with the task and not with the batch.
        auto current = std::move(task);
        current();
    }
    running_.clear();
    if (running_.capacity() > kept_capacity) {
        std::vector<Function<void()>>().swap(running_);
    }
}

void Mailbox::clear()
{
    for (;;) {
        std::vector<Function<void()>> abandoned;
        {
            const std::lock_guard lock(mutex_);
            abandoned.swap(incoming_);
        }
        if (abandoned.empty()) {
            return;
        }
    }
}

} // namespace stonechat
