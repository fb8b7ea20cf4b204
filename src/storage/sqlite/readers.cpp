// SPDX-License-Identifier: Apache-2.0
#include "storage/sqlite/readers.hpp"

namespace stonechat::sqlite {

namespace {

constexpr auto begin_reading = "BEGIN";
constexpr auto end_reading = "COMMIT";

} // namespace

Readers::Readers(std::vector<Connection> connections, Tail& tail, std::size_t queue, std::size_t at_once,
    std::chrono::milliseconds rest, Health& health)
    : health_(health), at_once_(at_once), count_(connections.size()), queue_(queue, rest)
{
    for (auto& connection : connections) {
        auto& database = databases_.emplace_back(std::move(connection), tail);
        threads_.emplace_back([this, &database]() { run(database); });
    }
}

Readers::~Readers()
{
    stop();
}

void Readers::stop()
{
    queue_.close();
    for (auto& thread : threads_) {
        thread.join();
    }
    threads_.clear();
    for (auto& database : databases_) {
        if (health_.has_failed()) {
            database.connection().leave_files_alone();
        }
    }
    databases_.clear();
}

void Readers::run(Database& database)
{
    const auto take = [this, &database]() {
        return queue_.take(at_once_, count_, [&database]() { database.connection().release_cache(); });
    };
    for (auto jobs = take(); !jobs.empty(); jobs = take()) {
        run_together(database, jobs);
        post_home(std::move(jobs));
    }
}

void Readers::run_together(Database& database, const Jobs& jobs)
{
    auto& db = database.connection();
    if (jobs.size() > 1) {
        db.execute(begin_reading);
    }
    for (const auto& job : jobs) {
        run_job(database, *job);
    }
    if (db.in_transaction()) {
        db.execute(end_reading);
        db.roll_back(); // only if the commit failed; a read transaction has nothing to lose
    }
    db.take_failure();
}

void Readers::run_job(Database& database, Job& job)
{
    auto& db = database.connection();
    db.take_failure();
    if (health_.has_failed()) {
        job.fail(StoreError::unavailable);
    } else {
        job.run(database);
    }
    if (db.failure() != Failure::none) {
        job.fail(store_error(db.failure()));
        health_.log().warning("storage.read_failed", { { "problem", db.problem() } });
    }
    job.finish_read();
}

} // namespace stonechat::sqlite
