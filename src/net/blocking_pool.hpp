// SPDX-License-Identifier: Apache-2.0
// BlockingPool: threads for work that would block an event loop (PBKDF2, files). The queue is bounded; when
// it is full, the work is refused and the caller tells its client. Any thread. The executors that receive the
// answers must outlive the pool: main stops the pool before it destroys the shards.
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

    /// Runs `work` on a pool thread and answers on `home`. Answers with nothing if the queue is full or the
    /// pool has stopped.
    template <class T> Pending<std::optional<T>> run(Executor& home, Function<T()> work)
    {
        Pending<std::optional<T>> pending;
        auto promise = pending.promise();
        Job job = [&home, promise = std::move(promise), work = std::move(work)](bool wanted) mutable {
            // Move the promise home with the answer: it must be destroyed on the home thread.
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

    /// Finishes running jobs and ends the threads. Queued and later jobs are answered with nothing.
    void stop();

private:
    using Job = Function<void(bool wanted)>; ///< always answers; does the work only if `wanted`

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
