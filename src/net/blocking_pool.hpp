// SPDX-License-Identifier: Apache-2.0
// BlockingPool: threads for work that would hold up an event loop (PBKDF2, files). The queue is
// bounded; when it is full the work is refused, and the caller says so to whoever asked. Any thread.
#pragma once

#include "base/function.hpp"
#include "base/home.hpp"
#include "base/task.hpp"

#include <condition_variable>
#include <deque>
#include <mutex>
#include <optional>
#include <thread>
#include <vector>

namespace stonechat {

class BlockingPool {
public:
    BlockingPool(unsigned threads, std::size_t queue);
    ~BlockingPool();

    /// Runs `work` on a pool thread and answers on `home`; nothing if the queue is full or stopped.
    template <class T> Pending<std::optional<T>> run(Home& home, Function<T()> work)
    {
        Pending<std::optional<T>> pending;
        auto promise = pending.promise();
        auto job = [&home, promise, work = std::move(work)]() mutable {
            auto value = std::make_shared<T>(work());
            home.post([promise, value]() mutable { promise.fulfil(std::optional<T>(std::move(*value))); });
        };
        if (!enqueue(std::move(job))) {
            return Pending<std::optional<T>>::ready(std::nullopt);
        }
        return pending;
    }

    void stop();

private:
    bool enqueue(Function<void()> job);
    void work();

    std::mutex mutex_;
    std::condition_variable wake_;
    std::deque<Function<void()>> queue_;
    std::size_t limit_;
    bool stopping_ = false;
    std::vector<std::thread> threads_;
};

} // namespace stonechat
