// SPDX-License-Identifier: Apache-2.0
#include "storage/sqlite/checkpointer.hpp"

namespace stonechat::sqlite {

namespace {

constexpr int frames_per_round = 2000; // 8 MB of log

} // namespace

Checkpointer::Checkpointer(Connection connection, Health& health)
    : health_(health), connection_(std::move(connection)), next_round_(frames_per_round),
      thread_([this]() { run(); })
{}

Checkpointer::~Checkpointer()
{
    stop();
}

bool Checkpointer::after_commit(int frames)
{
    const std::lock_guard lock(mutex_);
    if (frames < frames_per_round) {
        next_round_ = frames_per_round; // the log has restarted
    }
    switch (state_) {
    case State::idle:
        if (frames >= next_round_) {
            state_ = State::running;
            wanted_.notify_one();
        }
        return false;
    case State::done_once:
        state_ = State::idle;
        // While a long read (a backup) holds the log back, do not try again after every commit.
        next_round_ = frames + frames_per_round;
        return frames >= frames_per_round;
    case State::running:
    case State::stopping: break;
    }
    return false;
}

void Checkpointer::stop()
{
    {
        const std::lock_guard lock(mutex_);
        state_ = State::stopping;
    }
    wanted_.notify_one();
    if (thread_.joinable()) {
        thread_.join();
    }
    if (connection_ && health_.has_failed()) {
        connection_->leave_files_alone();
    }
    connection_.reset();
}

void Checkpointer::judge(const Connection::Checkpoint& result, Health& health)
{
    if (result.failure == Failure::io) {
        health.fail("checkpoint: " + result.problem);
    } else if (result.failure != Failure::none) {
        health.log().warning("storage.checkpoint_put_off", { { "problem", result.problem } });
    }
}

void Checkpointer::run()
{
    std::unique_lock lock(mutex_);
    while (true) {
        wanted_.wait(lock, [this]() { return state_ == State::running || state_ == State::stopping; });
        if (state_ == State::stopping) {
            return;
        }
        lock.unlock();
        if (!health_.has_failed()) {
            judge(connection_->checkpoint(), health_);
            judge(connection_->sync_database(), health_); // so that little is left for the writer's sync
        }
        lock.lock();
        if (state_ == State::running) {
            state_ = State::done_once;
        }
    }
}

} // namespace stonechat::sqlite
