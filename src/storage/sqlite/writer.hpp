// SPDX-License-Identifier: Apache-2.0
// Writer: the only thread that changes the database. It takes all waiting jobs into one transaction, commits
// (synced: WAL with synchronous=FULL), and only then posts the answers home. The next jobs gather during the
// commit. The writer never waits for more jobs: under load the commit itself is the window, and without load
// waiting would only cost time.
//
// A failing job must not affect the others. Failures are rare, so the first attempt uses no savepoints. If a
// job fails, the transaction is repeated with a savepoint for each job. If that fails too (the disk is full),
// each job gets a transaction of its own. An I/O error is fatal, see health.hpp.
#pragma once

#include "storage/sqlite/checkpointer.hpp"
#include "storage/sqlite/health.hpp"
#include "storage/sqlite/job_queue.hpp"

#include <atomic>
#include <optional>
#include <span>
#include <thread>

namespace stonechat::sqlite {

class Writer {
public:
    /// Without a job for `rest`, the thread releases its connection's cache.
    Writer(Connection connection, Tail& tail, std::size_t queue, std::chrono::milliseconds rest,
        Health& health, Checkpointer& checkpointer);
    ~Writer();

    /// Queues a job. Any thread. Returns false, and leaves the job with the caller, if the queue is full or
    /// closed.
    bool submit(std::unique_ptr<Job>& job) { return queue_.push(job); }

    /// Runs and answers the queued jobs, then ends the thread.
    void stop();
    /// Closes the connection. Call after `stop`, and after all other connections are closed, so that SQLite
    /// moves the log into the database file.
    void close();

    std::size_t queued() const { return queue_.size(); }
    std::uint64_t commits() const { return commits_.load(std::memory_order_relaxed); }
    std::uint64_t rows_written() const { return rows_.load(std::memory_order_relaxed); }

private:
    using Batch = std::span<const std::unique_ptr<Job>>;
    enum class Guard { none, savepoints };
    /// What became of a transaction. After `in_doubt` it may be found committed at the next start.
    enum class Ending { committed, undone, fatal, in_doubt };

    std::thread start();
    void run();
    void settle(Batch batch);
    /// The first attempt also files entries (Filing); the others only do what they must.
    enum class Attempt { first, again };
    Ending transact(Batch batch, Guard guard, Attempt attempt = Attempt::again);
    Ending one_by_one(Batch batch);
    Ending undo();
    bool run_job(Job& job, Guard guard);
    void count_commit(std::int64_t changes_before);
    void move_log();

    Health& health_;
    Checkpointer& checkpointer_;
    JobQueue queue_;
    std::optional<Database> database_;
    Failure last_failure_ = Failure::none;
    std::atomic<std::uint64_t> commits_ { 0 };
    std::atomic<std::uint64_t> rows_ { 0 };
    std::thread thread_;
};

} // namespace stonechat::sqlite
