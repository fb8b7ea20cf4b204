// SPDX-License-Identifier: Apache-2.0
// Engine: the open database and its threads: one writer, some readers, one checkpointer and one for backups.
// Shared by the backend and its fronts; any thread.
#pragma once

#include "storage/sqlite/checkpointer.hpp"
#include "storage/sqlite/file.hpp"
#include "storage/sqlite/health.hpp"
#include "storage/sqlite/readers.hpp"
#include "storage/sqlite/tail.hpp"
#include "storage/sqlite/writer.hpp"
#include "storage/sqlite_storage.hpp"

#include <atomic>
#include <cstddef>
#include <memory>
#include <mutex>
#include <optional>
#include <string>

namespace stonechat::sqlite {

class Engine {
public:
    /// Locks, checks, migrates and opens the file and starts the threads.
    static Result<std::shared_ptr<Engine>, StorageOpenError> open(SqliteOptions options,
        std::size_t archive_segment, const Clock& clock, Log& log);

    struct Connections {
        Connection writer;
        Connection checkpointer;
        std::vector<Connection> readers;
        std::vector<Connection> backups;
    };
    Engine(SqliteOptions options, std::size_t archive_segment, FileLock lock, Connections connections,
        const Clock& clock, Log& log);
    ~Engine();

    Writer& writer() { return writer_; }
    Readers& readers() { return readers_; }
    Readers& backups() { return backups_; }
    const Clock& clock() const { return clock_; }
    bool has_failed() const { return health_.has_failed(); }

    /// On the backup thread: copies the current snapshot into a new file. A failure sticks to `db`.
    void copy_to(Connection& db, const std::string& path);

    void stop();
    StorageBackend::Load load() const;

private:
    const Clock& clock_;
    std::mutex stopping_;
    std::optional<FileLock> lock_;
    Health health_;
    std::atomic<bool> give_up_copying_ { false };
    Tail tail_;
    Checkpointer checkpointer_;
    Writer writer_;
    Readers readers_;
    Readers backups_;
};

} // namespace stonechat::sqlite
