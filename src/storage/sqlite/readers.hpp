// SPDX-License-Identifier: Apache-2.0
// Readers: threads that only read, each with its own connection, fed by one queue. A thread runs several
// waiting jobs in one read transaction and answers them together.
#pragma once

#include "storage/sqlite/health.hpp"
#include "storage/sqlite/job_queue.hpp"

#include <list>
#include <thread>
#include <vector>

namespace stonechat::sqlite {

class Readers {
public:
    /// Starts one thread for each connection. A transaction has `at_once` jobs at most. A thread without a
    /// job for `rest` releases its connection's cache.
    Readers(std::vector<Connection> connections, Tail& tail, std::size_t queue, std::size_t at_once,
        std::chrono::milliseconds rest, Health& health);
    ~Readers();

    /// Queues a job. Any thread. Returns false, and leaves the job with the caller, if the queue is full or
    /// closed.
    bool submit(std::unique_ptr<Job>& job) { return queue_.push(job); }

    /// Runs and answers the queued jobs, ends the threads and closes the connections.
    void stop();

    std::size_t queued() const { return queue_.size(); }

private:
    void run(Database& database);
    void run_together(Database& database, const Jobs& jobs);
    void run_job(Database& database, Job& job);

    Health& health_;
    const std::size_t at_once_;
    const std::size_t count_;
    JobQueue queue_;
    std::list<Database> databases_;
    std::vector<std::thread> threads_;
};

} // namespace stonechat::sqlite
