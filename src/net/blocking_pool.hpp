// SPDX-License-Identifier: Apache-2.0
// BlockingPool: threads for work that would hold up an event loop (PBKDF2, files). The queue is
// bounded; when it is full the work is refused, and the caller says so to whoever asked. Any thread.
// The homes it answers to have to outlive it: main stops the pool before it destroys the shards.
#pragma once

#include "base/executor.hpp"
#include "base/function.hpp"
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
    /// `queue`: how many jobs may wait for one of the `threads`.
    BlockingPool(unsigned threads, std::size_t queue);
    BlockingPool(const BlockingPool&) = delete;
    BlockingPool& operator=(const BlockingPool&) = delete;
    ~BlockingPool();

    /// Runs `work` on a pool thread and answers on `home`; nothing if the queue is full or stopped.
    template <class T> Pending<std::optional<T>> run(Executor& home, Function<T()> work)
    {
        Pending<std::optional<T>> pending;
        auto promise = pending.promise();
        Job job = [&home, promise = std::move(promise), work = std::move(work)](bool wanted) mutable {
            // The promise leaves this thread with the answer: its last holder has to be at home.
            auto value = wanted ? std::optional<T>(work()) : std::nullopt;
            home.post([promise = std::move(promise), value = std::move(value)]() mutable {
                promise.fulfil(std::move(value));
            });
        };
        if (!enqueue(std::move(job))) {
            return Pending<std::optional<T>>::ready(std::nullopt);
        }
        return pending;
    }

    /// Finishes what a thread is doing; what is queued, and what comes, is answered with nothing.
    void stop();

private:
    using Job = Function<void(bool wanted)>; ///< answers in any case, without the work if it is not wanted

    bool enqueue(Job job);
    void work();

    std::mutex mutex_;
    std::condition_variable wake_;
    std::deque<Job> queue_;
    std::size_t limit_;
    bool stopping_ = false;
    std::vector<std::thread> threads_;
};

} // namespace stonechat
