// SPDX-License-Identifier: Apache-2.0
// Readers: threads that only read, each with its own connection, from one queue. Several jobs that
// wait are done in one read transaction and answered together.
#pragma once

#include "storage/sqlite/health.hpp"
#include "storage/sqlite/job_queue.hpp"

#include <list>
#include <thread>
#include <vector>

namespace stonechat::sqlite {

class Readers {
public:
    /// One thread for each connection; `at_once` jobs in one transaction at most. A thread without a job for
    /// as long as `rest` gives back what its connection has cached.
    Readers(std::vector<Connection> connections, Tail& tail, std::size_t queue, std::size_t at_once,
        std::chrono::milliseconds rest, Health& health);
    ~Readers();

    /// Any thread. False, and the job stays with the caller, if the queue is full or closed.
    bool submit(std::unique_ptr<Job>& job) { return queue_.push(job); }

    /// Does and answers what is queued, ends the threads and closes the connections.
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
