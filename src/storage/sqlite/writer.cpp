// SPDX-License-Identifier: Apache-2.0
#include "storage/sqlite/writer.hpp"

namespace stonechat::sqlite {

namespace {

/// Most jobs in one transaction. Jobs gather during the previous commit; on a disk whose sync takes
/// milliseconds these are hundreds, so a low limit would reduce the throughput. The limit exists so that a
/// caller does not wait long for the jobs of others.
constexpr std::size_t jobs_per_commit = 512;

constexpr auto begin_transaction = "BEGIN IMMEDIATE";
constexpr auto commit_transaction = "COMMIT";
constexpr auto set_savepoint = "SAVEPOINT job";
constexpr auto release_savepoint = "RELEASE job";
constexpr auto back_to_savepoint = "ROLLBACK TO job";

} // namespace

Writer::Writer(Connection connection, Tail& tail, std::size_t queue, std::chrono::milliseconds rest,
    Health& health, Checkpointer& checkpointer)
    : health_(health), checkpointer_(checkpointer), queue_(queue, rest),
      database_(std::in_place, std::move(connection), tail), thread_(start())
{}

Writer::~Writer()
{
    stop();
}

void Writer::stop()
{
    queue_.close();
    if (thread_.joinable()) {
        thread_.join();
    }
}

void Writer::close()
{
    if (database_ && health_.has_failed()) {
        database_->connection().leave_files_alone();
    }
    database_.reset();
}

std::thread Writer::start()
{
    database_->filing().load();
    auto& db = database_->connection();
    if (db.take_failure() != Failure::none) {
        health_.fail("the newest messages cannot be read: " + db.problem());
    }
    return std::thread([this]() { run(); });
}

void Writer::run()
{
    const auto take = [this]() {
        return queue_.take(jobs_per_commit, 1, [this]() { database_->connection().release_cache(); });
    };
    for (auto jobs = take(); !jobs.empty(); jobs = take()) {
        settle(jobs);
        post_home(std::move(jobs));
        move_log();
    }
}

void Writer::settle(Batch batch)
{
    auto ending = health_.has_failed() ? Ending::fatal : transact(batch, Guard::none, Attempt::first);
    if (ending == Ending::undone && batch.size() > 1 && last_failure_ != Failure::full) {
        ending = transact(batch, Guard::savepoints);
    }
    if (ending == Ending::undone) {
        ending = one_by_one(batch);
    }
    if (ending == Ending::fatal || ending == Ending::in_doubt) {
        for (const auto& job : batch) {
            job->fail(ending == Ending::in_doubt ? StoreError::unknown : StoreError::unavailable);
        }
    }
}

Writer::Ending Writer::transact(Batch batch, Guard guard, Attempt attempt)
{
    auto& db = database_->connection();
    const auto changes = db.total_changes();
    db.execute(begin_transaction);
    for (const auto& job : batch) {
        if (!run_job(*job, guard)) {
            return undo();
        }
    }
    if (attempt == Attempt::first) {
        database_->filing().step();
    }
    db.execute(commit_transaction);
    if (db.failure() != Failure::none) {
        // An fsync that failed says nothing about what is on the disk.
        const auto ending = undo();
        return ending == Ending::fatal ? Ending::in_doubt : ending;
    }
    database_->filing().committed();
    count_commit(changes);
    return Ending::committed;
}

/// Returns false if the whole transaction must be rolled back.
bool Writer::run_job(Job& job, Guard guard)
{
    auto& db = database_->connection();
    job.wait_for_reads();
    if (guard == Guard::none) {
        job.run(*database_);
        return db.failure() == Failure::none;
    }
    auto mark = database_->filing().mark();
    db.execute(set_savepoint);
    job.run(*database_);
    if (const auto failure = db.failure(); failure != Failure::none) {
        if (failure == Failure::io || failure == Failure::full || !db.in_transaction()) {
            return false;
        }
        db.take_failure();
        db.execute(back_to_savepoint);
        database_->forget();
        database_->filing().back_to(std::move(mark));
        job.fail(store_error(failure));
    }
    db.execute(release_savepoint);
    return db.failure() == Failure::none;
}

Writer::Ending Writer::one_by_one(Batch batch)
{
    for (std::size_t i = 0; i < batch.size(); ++i) {
        const auto ending = transact(batch.subspan(i, 1), Guard::none);
        switch (ending) {
        case Ending::committed: break;
        case Ending::undone: batch[i]->fail(store_error(last_failure_)); break;
        case Ending::fatal:
        case Ending::in_doubt: return ending;
        }
    }
    return Ending::committed;
}

Writer::Ending Writer::undo()
{
    auto& db = database_->connection();
    last_failure_ = db.take_failure();
    if (last_failure_ == Failure::io) {
        health_.fail(db.problem());
        return Ending::fatal;
    }
    if (last_failure_ == Failure::full) {
        health_.found_full(db.problem());
    } else {
        health_.log().warning("storage.rolled_back", { { "problem", db.problem() } });
    }
    db.roll_back();
    database_->forget();
    database_->filing().rolled_back();
    return Ending::undone;
}

void Writer::count_commit(std::int64_t changes_before)
{
    const auto changes = database_->connection().total_changes() - changes_before;
    if (changes > 0) {
        health_.found_space();
        commits_.fetch_add(1, std::memory_order_relaxed);
        rows_.fetch_add(static_cast<std::uint64_t>(changes), std::memory_order_relaxed);
    }
}

void Writer::move_log()
{
    auto& db = database_->connection();
    if (!health_.has_failed() && checkpointer_.after_commit(db.wal_frames())) {
        Checkpointer::judge(db.checkpoint(), health_);
    }
}

} // namespace stonechat::sqlite
