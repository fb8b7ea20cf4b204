// SPDX-License-Identifier: Apache-2.0
// Job: one call of a store on its way. It is made on the home thread, run by the writer or a reader, and
// answered on the home thread. It has one owner at a time.
//
// How the calls of one Storage keep their order, per account: a read that follows an unanswered write goes
// into the writer's queue behind that write, and is answered after the commit. Any other read goes to the
// readers. A write that follows a read which a reader may not have begun yet waits for that read, on the
// writer's thread (PendingCalls::running_reads). This takes microseconds and is rare, because callers that
// read before writing mostly wait for the answer. Reads of a whole host follow all writes.
#pragma once

#include "base/executor.hpp"
#include "base/task.hpp"
#include "storage/sqlite/database.hpp"
#include "storage/storage.hpp"

#include <atomic>
#include <condition_variable>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace stonechat::sqlite {

/// Posts the answers of one Storage to its executor.
class Channel {
public:
    explicit Channel(Executor& home) : home_(home) {}

    void count_call()
    {
        const std::lock_guard lock(mutex_);
        ++under_way_;
    }

    /// Posts `task`, which delivers `count` answers.
    void post(Function<void()> task, std::size_t count)
    {
        home_.post(std::move(task));
        const std::lock_guard lock(mutex_);
        under_way_ -= count;
        if (under_way_ == 0) {
            idle_.notify_all();
        }
    }

    /// Waits until every call so far has been posted home. Only then may the executor be destroyed.
    void wait_until_idle()
    {
        std::unique_lock lock(mutex_);
        idle_.wait(lock, [this]() { return under_way_ == 0; });
    }

private:
    Executor& home_;
    std::mutex mutex_;
    std::condition_variable idle_;
    std::size_t under_way_ = 0;
};

/// The unanswered calls of one Storage for one account, or for whole hosts. The plain counts belong to the
/// home thread.
struct PendingCalls {
    std::string account;
    std::size_t writes = 0;
    std::size_t calls = 0;
    std::atomic<int> running_reads { 0 }; ///< reads queued or running at the readers

    void wait_for_reads() const
    {
        for (int count = running_reads.load(); count != 0; count = running_reads.load()) {
            running_reads.wait(count);
        }
    }
    void finish_read()
    {
        if (running_reads.fetch_sub(1) == 1) {
            running_reads.notify_all();
        }
    }
};

class Job {
public:
    explicit Job(std::shared_ptr<Channel> channel) : channel_(std::move(channel)) {}
    Job(const Job&) = delete;
    Job& operator=(const Job&) = delete;
    virtual ~Job() = default;

    const std::shared_ptr<Channel>& channel() const { return channel_; }

    /// Does the work and keeps the result. Runs again if the transaction is repeated.
    virtual void run(Database& db) = 0;
    /// Makes `error` the result.
    virtual void fail(StoreError error) = 0;
    /// Answers the caller, on the home thread.
    virtual void deliver() = 0;

    /// For the writer: the job waits for these reads before it runs.
    void run_after(std::shared_ptr<PendingCalls> reads) { after_.push_back(std::move(reads)); }
    void wait_for_reads() const
    {
        for (const auto& reads : after_) {
            reads->wait_for_reads();
        }
    }

    /// For the readers: counts the job as running until `finish_read`.
    void count_as_running(std::shared_ptr<PendingCalls> reads)
    {
        running_ = std::move(reads);
        ++running_->running_reads;
    }
    void finish_read()
    {
        if (running_ != nullptr) {
            running_->finish_read();
        }
    }

private:
    std::shared_ptr<Channel> channel_;
    std::shared_ptr<PendingCalls> running_;
    std::vector<std::shared_ptr<PendingCalls>> after_;
};

using Jobs = std::vector<std::unique_ptr<Job>>;

/// Posts the answers of `jobs` home, with one post for each Storage.
void post_home(Jobs jobs);

/// Maps a failure of a job to the error for its caller.
StoreError store_error(Failure failure);

} // namespace stonechat::sqlite
