// SPDX-License-Identifier: Apache-2.0
// Writer: the one thread that changes the database. It takes all jobs that wait into one
// transaction, commits (synced: WAL with synchronous=FULL), and only then posts the answers home;
// meanwhile the next jobs gather. It never waits for more to come: under load the commit itself is
// the window, and without load waiting would only cost time.
//
// A failing job must not take the others with it. That is rare, so jobs run without savepoints
// first; if one fails, the transaction is done again with a savepoint for each, and if that does
// not work either (the disk is full), each job gets a transaction of its own. An I/O error is
// fatal, see health.hpp.
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
    /// Without a job for as long as `rest` it gives back what its connection has cached.
    Writer(Connection connection, Tail& tail, std::size_t queue, std::chrono::milliseconds rest,
        Health& health, Checkpointer& checkpointer);
    ~Writer();

    /// Any thread. False, and the job stays with the caller, if the queue is full or closed.
    bool submit(std::unique_ptr<Job>& job) { return queue_.push(job); }

    /// Does and answers what is queued, then ends the thread.
    void stop();
    /// Closes the connection; after `stop`, and last of all connections, so that the log is moved
    /// into the database file.
    void close();

    std::size_t queued() const { return queue_.size(); }
    std::uint64_t commits() const { return commits_.load(std::memory_order_relaxed); }
    std::uint64_t rows_written() const { return rows_.load(std::memory_order_relaxed); }

private:
    using Batch = std::span<const std::unique_ptr<Job>>;
    enum class Guard { none, savepoints };
    enum class Ending { committed, undone, fatal };

    std::thread start();
    void run();
    void settle(Batch batch);
    /// The first try files something as well (Filing); the others only do what they must.
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
