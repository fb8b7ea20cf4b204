// SPDX-License-Identifier: Apache-2.0
// Checkpointer: moves what is in the write-ahead log into the database file, on its own thread and
// connection, so that commits do not wait for it. The log starts anew only when all of it was moved,
// which never happens while commits keep coming; so after each round here the writer moves the
// rest, which is only what was committed meanwhile (measured: about a millisecond).
//
// SQLite's own automatic checkpoint is off: it would run on the writer's thread and hide a failed
// fsync of the database file.
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

    /// Writer, after each commit: how long the log is. True if the writer is to move the rest now.
    bool after_commit(int frames);

    /// Ends the thread and closes the connection.
    void stop();

    /// Looks at what a checkpoint gave: an I/O error is fatal, the rest is tried again later.
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
