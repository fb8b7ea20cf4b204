// SPDX-License-Identifier: Apache-2.0
// JobQueue: bounded queue of jobs for the disk threads. Any thread pushes; disk threads take several jobs at
// a time.
#pragma once

#include "storage/sqlite/job.hpp"

#include <chrono>
#include <condition_variable>
#include <deque>
#include <memory>
#include <mutex>

namespace stonechat::sqlite {

class JobQueue {
public:
    /// `rest`: a thread that waits this long for a job releases its cache.
    JobQueue(std::size_t limit, std::chrono::milliseconds rest) : limit_(limit), rest_(rest) {}

    /// Adds a job. Returns false, and leaves the job with the caller, if the queue is full or closed.
    bool push(std::unique_ptr<Job>& job)
    {
        bool wake = false;
        {
            const std::lock_guard lock(mutex_);
            if (closed_ || jobs_.size() >= limit_) {
                return false;
            }
            job->channel()->count_call();
            jobs_.push_back(std::move(job));
            wake = sleepers_ > 0;
        }
        if (wake) {
            filled_.notify_one();
        }
        return true;
    }

    /// Takes the oldest jobs: `most` at most, and not more than an equal share for each of `takers` threads.
    /// Waits for a job, and calls `release_cache` once if that takes long. Returns none when the queue is
    /// closed and empty.
    template <class ReleaseCache> Jobs take(std::size_t most, std::size_t takers, ReleaseCache release_cache)
    {
        std::unique_lock lock(mutex_);
        const auto has_something = [this]() { return closed_ || !jobs_.empty(); };
        ++sleepers_;
        if (!filled_.wait_for(lock, rest_, has_something)) {
            lock.unlock();
            release_cache();
            lock.lock();
            filled_.wait(lock, has_something);
        }
        --sleepers_;
        const auto share = (jobs_.size() + takers - 1) / takers;
        const auto end = jobs_.begin() + static_cast<std::ptrdiff_t>(share < most ? share : most);
        Jobs taken(std::make_move_iterator(jobs_.begin()), std::make_move_iterator(end));
        jobs_.erase(jobs_.begin(), end);
        return taken;
    }

    /// Refuses new jobs. Queued jobs can still be taken.
    void close()
    {
        {
            const std::lock_guard lock(mutex_);
            closed_ = true;
        }
        filled_.notify_all();
    }

    std::size_t size() const
    {
        const std::lock_guard lock(mutex_);
        return jobs_.size();
    }

private:
    const std::size_t limit_;
    const std::chrono::milliseconds rest_;
    mutable std::mutex mutex_;
    std::condition_variable filled_;
    std::deque<std::unique_ptr<Job>> jobs_;
    std::size_t sleepers_ = 0;
    bool closed_ = false;
};

} // namespace stonechat::sqlite
