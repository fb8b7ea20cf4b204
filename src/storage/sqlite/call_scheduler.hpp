// SPDX-License-Identifier: Apache-2.0
// CallScheduler: entry point for the calls of one Storage. Wraps each call as a job, passes it to the writer
// or the readers (job.hpp has the ordering rules) and counts the unanswered calls. Lives on the home thread
// of its Storage.
#pragma once

#include "storage/sqlite/engine.hpp"
#include "storage/sqlite/job.hpp"

#include <memory>
#include <optional>
#include <string>
#include <unordered_map>

namespace stonechat::sqlite {

/// The unanswered calls of one Storage, by account. Executor thread only. Shared with the jobs, because
/// answers may arrive after the Storage has been destroyed.
class OpenCalls {
public:
    std::shared_ptr<PendingCalls> of(const AccountKey& key);
    const std::shared_ptr<PendingCalls>& of_hosts() const { return hosts_; }
    bool has_writes() const { return writes_ > 0; }

    void add_write(PendingCalls& calls)
    {
        ++calls.calls;
        ++calls.writes;
        ++writes_;
    }
    void add_read(PendingCalls& calls) { ++calls.calls; }
    void finish(PendingCalls& calls, bool write);

private:
    std::unordered_map<std::string, std::shared_ptr<PendingCalls>> by_account_;
    std::shared_ptr<PendingCalls> hosts_ = std::make_shared<PendingCalls>();
    std::size_t writes_ = 0;
};

template <class T, class Work> class Call final : public Job {
public:
    Call(std::shared_ptr<Channel> channel, std::shared_ptr<OpenCalls> open,
        std::shared_ptr<PendingCalls> calls, std::shared_ptr<PendingCalls> other, bool write,
        typename Stored<T>::Promise promise, Work work)
        : Job(std::move(channel)), open_(std::move(open)), calls_(std::move(calls)), other_(std::move(other)),
          write_(write), promise_(std::move(promise)), work_(std::move(work))
    {}

    void run(Database& database) override { value_.emplace(work_(database)); }
    void fail(StoreError error) override
    {
        value_.reset();
        error_ = error;
    }
    void deliver() override
    {
        open_->finish(*calls_, write_);
        if (other_ != nullptr) {
            open_->finish(*other_, write_);
        }
        promise_.fulfil(result());
    }

private:
    Result<T, StoreError> result()
    {
        if (!value_) {
            return error_;
        }
        return std::move(*value_);
    }

    std::shared_ptr<OpenCalls> open_;
    std::shared_ptr<PendingCalls> calls_;
    std::shared_ptr<PendingCalls> other_; ///< the second account of a write for two
    bool write_;
    typename Stored<T>::Promise promise_;
    const Work work_; // const: it may run twice
    std::optional<T> value_;
    StoreError error_ = StoreError::unavailable;
};

class CallScheduler {
public:
    CallScheduler(std::shared_ptr<Engine> engine, Executor& home)
        : engine_(std::move(engine)), channel_(std::make_shared<Channel>(home))
    {}
    CallScheduler(const CallScheduler&) = delete;
    CallScheduler& operator=(const CallScheduler&) = delete;
    /// Waits until every call under way has been posted home, because the executor may be destroyed
    /// afterwards.
    ~CallScheduler()
    {
        channel_->wait_until_idle();
        *alive_ = nullptr;
    }

    WallTime now() const { return engine_->clock().wall(); }

    template <class Work> auto read(const AccountKey& key, Work work)
    {
        auto calls = open_->of(key);
        const bool follows_writes = calls->writes > 0;
        return read_as(std::move(calls), follows_writes, std::move(work));
    }

    /// Reads data of many accounts.
    template <class Work> auto read_hosts(Work work)
    {
        return read_as(open_->of_hosts(), open_->has_writes(), std::move(work));
    }

    /// Runs a slow read. It never runs on the writer's thread and no write waits for it. So it sees all
    /// writes made before it, and may see some made after it.
    template <class Work> auto read_aside(const AccountKey& key, Work work)
    {
        using T = Value<Work>;
        if (open_->of(key)->writes == 0) {
            return read_at_readers(key, std::move(work));
        }
        Stored<T> pending;
        // Wait for the writes under way with an empty write.
        write(key, [](Database&) { return Done(); })
            .then([scheduler = alive_, key, work = std::move(work),
                      promise = pending.promise()](const Result<Done, StoreError>&) mutable {
                if (*scheduler == nullptr) {
                    promise.fulfil(StoreError::unavailable);
                    return;
                }
                (*scheduler)
                    ->read_at_readers(key, std::move(work))
                    .then([promise = std::move(promise)](Result<T, StoreError> result) mutable {
                        promise.fulfil(std::move(result));
                    });
            });
        return pending;
    }

    template <class Work> auto write(const AccountKey& key, Work work)
    {
        return write_as(open_->of(key), nullptr, std::move(work));
    }

    /// Writes data of two accounts.
    template <class Work> auto write_both(const AccountKey& key, const AccountKey& other, Work work)
    {
        return write_as(open_->of(key), key == other ? nullptr : open_->of(other), std::move(work));
    }

    /// Writes data of many accounts, or of accounts not known beforehand.
    template <class Work> auto write_hosts(Work work)
    {
        return write_as(open_->of_hosts(), nullptr, std::move(work));
    }

    /// For code that continues on the executor after an answer: points to null once this scheduler is
    /// destroyed.
    const std::shared_ptr<CallScheduler*>& alive() const { return alive_; }

private:
    template <class Work> using Value = std::invoke_result_t<const Work&, Database&>;

    template <class T, class Work>
    std::unique_ptr<Job> make_job(const Stored<T>& pending, std::shared_ptr<PendingCalls> calls,
        std::shared_ptr<PendingCalls> other, bool write, Work work)
    {
        return std::make_unique<Call<T, Work>>(channel_, open_, std::move(calls), std::move(other), write,
            pending.promise(), std::move(work));
    }

    template <class Work>
    auto write_as(std::shared_ptr<PendingCalls> calls, std::shared_ptr<PendingCalls> other, Work work)
    {
        Stored<Value<Work>> pending;
        auto job = make_job(pending, calls, other, true, std::move(work));
        for (const auto& reads : { calls, other, open_->of_hosts() }) {
            if (reads != nullptr && reads->running_reads != 0) {
                job->run_after(reads);
            }
        }
        if (engine_->has_failed() || !engine_->writer().submit(job)) {
            if (other != nullptr) {
                refused<Value<Work>>(*other);
            }
            return refused<Value<Work>>(*calls);
        }
        open_->add_write(*calls);
        if (other != nullptr) {
            open_->add_write(*other);
        }
        return pending;
    }

    template <class Work> auto read_at_readers(const AccountKey& key, Work work)
    {
        auto calls = open_->of(key);
        Stored<Value<Work>> pending;
        auto job = make_job(pending, calls, nullptr, false, std::move(work));
        if (engine_->has_failed() || !engine_->readers().submit(job)) {
            return refused<Value<Work>>(*calls);
        }
        open_->add_read(*calls);
        return pending;
    }

    template <class Work> auto read_as(std::shared_ptr<PendingCalls> calls, bool behind_writes, Work work)
    {
        Stored<Value<Work>> pending;
        auto job = make_job(pending, calls, nullptr, false, std::move(work));
        const bool accepted = !engine_->has_failed()
            && (behind_writes ? engine_->writer().submit(job) : submit_to_readers(job, calls));
        if (!accepted) {
            return refused<Value<Work>>(*calls);
        }
        open_->add_read(*calls);
        return pending;
    }

    bool submit_to_readers(std::unique_ptr<Job>& job, const std::shared_ptr<PendingCalls>& calls)
    {
        job->count_as_running(calls);
        if (engine_->readers().submit(job)) {
            return true;
        }
        job->finish_read();
        return false;
    }

    template <class T> Stored<T> refused(PendingCalls& calls)
    {
        open_->add_read(calls); // finished at once, so that an entry made for this call is removed
        open_->finish(calls, false);
        return Stored<T>::ready(StoreError::unavailable);
    }

    std::shared_ptr<Engine> engine_;
    std::shared_ptr<Channel> channel_;
    std::shared_ptr<OpenCalls> open_ = std::make_shared<OpenCalls>();
    std::shared_ptr<CallScheduler*> alive_ = std::make_shared<CallScheduler*>(this);
};

} // namespace stonechat::sqlite
