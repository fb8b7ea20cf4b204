// SPDX-License-Identifier: Apache-2.0
// Checkpointer: copies the write-ahead log into the database file, on its own thread and connection, so that
// commits do not wait for it. SQLite restarts the log only when all of it has been copied, which never
// happens while commits keep coming. So after each round of this thread the writer copies the rest, which is
// only what was committed during the round (measured: about a millisecond).
//
// SQLite's own automatic checkpoint is off: it would run on the writer's thread and hide a failed fsync of
// the database file.
#pragma once

#include "storage/sqlite/connection.hpp"
#include "storage/sqlite/health.hpp"

#include <condition_variable>
#include <mutex>
#include <optional>
#include <thread>

namespace stonechat::sqlite {

class Checkpointer {
public:
    Checkpointer(Connection connection, Health& health);
    ~Checkpointer();

    /// Called by the writer after each commit; `frames` is the length of the log. Returns true if the writer
    /// must copy the rest of the log now.
    bool after_commit(int frames);

    /// Ends the thread and closes the connection.
    void stop();

    /// Handles the result of a checkpoint: an I/O error is fatal; after other failures the next checkpoint
    /// tries again.
    static void judge(const Connection::Checkpoint& result, Health& health);

private:
    enum class State { idle, running, done_once, stopping };

    void run();

    Health& health_;
    std::optional<Connection> connection_;
    std::mutex mutex_;
    std::condition_variable wanted_;
    State state_ = State::idle;
    int next_round_;
    std::thread thread_;
};

} // namespace stonechat::sqlite
