// SPDX-License-Identifier: Apache-2.0
#include "storage/sqlite/engine.hpp"

#include "storage/sqlite/schema.hpp"
#include "storage/sqlite/sent_streams.hpp"

#include <chrono>
#include <cstdio>
#include <filesystem>
#include <thread>

namespace stonechat::sqlite {

namespace {

constexpr std::size_t reads_at_once = 16;
constexpr std::size_t backups_waiting = 4;
// Copy one megabyte, then let the disk rest.
constexpr int pages_per_copy_step = 256;
constexpr auto copy_pause = std::chrono::milliseconds(1);

constexpr auto for_all = "PRAGMA busy_timeout = 5000; PRAGMA temp_store = MEMORY;";
constexpr auto for_writer = "PRAGMA synchronous = FULL; PRAGMA foreign_keys = ON; PRAGMA cache_size = -32768;"
                            "PRAGMA journal_size_limit = 67108864;";
constexpr auto for_readers = "PRAGMA query_only = ON; PRAGMA cache_size = -8192;";

using Opened = Result<Connection, std::string>;

/// Returns whether synchronous=FULL, foreign keys and WAL are really on. All guarantees of the storage rest
/// on them.
bool is_as_promised(Connection& db)
{
    const auto synchronous = db.number("PRAGMA synchronous");
    const auto foreign_keys = db.number("PRAGMA foreign_keys");
    auto mode = db.query("PRAGMA journal_mode");
    return synchronous == 2 && foreign_keys == 1 && mode.next() && mode.view(0) == "wal";
}

Opened open_writer(const SqliteOptions& options, WallTime now)
{
    auto db = Connection::open(options.path, Connection::Access::read_write);
    if (!db) {
        return db;
    }
    db->run_script(for_all);
    db->run_script("PRAGMA journal_mode = WAL");
    db->run_script(for_writer);
    if (options.max_bytes > 0) {
        const auto page_size = static_cast<std::uint64_t>(db->number("PRAGMA page_size").value_or(4096));
        db->run_script("PRAGMA max_page_count = "
            + std::to_string(std::max<std::uint64_t>(options.max_bytes / page_size, 1)));
    }
    db->watch_wal();
    if (!is_as_promised(*db)) {
        return "write-ahead log and foreign keys cannot be switched on " + db->problem();
    }
    SentStreams::begin_run(*db, now);
    if (const auto failure = db->take_failure(); failure != Failure::none && failure != Failure::full) {
        return db->problem();
    }
    return db;
}

Opened open_reader(const SqliteOptions& options)
{
    auto db = Connection::open(options.path, Connection::Access::read_only);
    if (db) {
        db->run_script(for_all);
        db->run_script(for_readers);
        if (db->failure() != Failure::none) {
            return db->problem();
        }
    }
    return db;
}

Opened open_checkpointer(const SqliteOptions& options)
{
    auto db = Connection::open(options.path, Connection::Access::read_write);
    if (db) {
        db->run_script(for_all);
        db->run_script(for_writer);
    }
    return db;
}

Result<std::vector<Connection>, std::string> open_readers(const SqliteOptions& options, unsigned count)
{
    std::vector<Connection> readers;
    for (unsigned i = 0; i < count; ++i) {
        auto reader = open_reader(options);
        if (!reader) {
            return reader.error();
        }
        readers.push_back(std::move(*reader));
    }
    return readers;
}

Result<Engine::Connections, std::string> open_connections(const SqliteOptions& options, WallTime now)
{
    auto writer = open_writer(options, now);
    if (!writer) {
        return writer.error();
    }
    auto checkpointer = open_checkpointer(options);
    if (!checkpointer) {
        return checkpointer.error();
    }
    auto readers = open_readers(options, std::max(options.readers, 1u));
    if (!readers) {
        return readers.error();
    }
    auto backups = open_readers(options, 1);
    if (!backups) {
        return backups.error();
    }
    return Engine::Connections { std::move(*writer), std::move(*checkpointer), std::move(*readers),
        std::move(*backups) };
}

void warn_if_others_may_read(const std::string& path, Log& log)
{
    std::error_code error;
    const auto permissions = std::filesystem::status(path, error).permissions();
    const auto others = std::filesystem::perms::group_all | std::filesystem::perms::others_all;
    if (!error && (permissions & others) != std::filesystem::perms::none) {
        log.warning("storage.file_is_open_to_others", { { "file", path }, { "remedy", "chmod 600" } });
    }
}

StorageOpenError cannot_open(const std::string& path, const std::string& problem, const std::string& remedy)
{
    return StorageOpenError { "The database " + path + " cannot be opened: " + problem + ". " + remedy };
}

} // namespace

Result<std::shared_ptr<Engine>, StorageOpenError> Engine::open(SqliteOptions options,
    std::size_t archive_segment, const Clock& clock, Log& log)
{
    auto lock = FileLock::take(options.path + ".lock");
    if (!lock) {
        return cannot_open(options.path, lock.error(),
            "Check that no other server runs on it and that the folder belongs to the server's user.");
    }
    if (auto prepared = prepare_database(options.path, migrations()); !prepared) {
        return prepared.error();
    }
    warn_if_others_may_read(options.path, log);
    auto connections = open_connections(options, clock.wall());
    if (!connections) {
        return cannot_open(options.path, connections.error(),
            "Check that it lies on a local disk with space and belongs to the server's user.");
    }
    return std::make_shared<Engine>(std::move(options), archive_segment, std::move(*lock),
        std::move(*connections), clock, log);
}

Engine::Engine(SqliteOptions options, std::size_t archive_segment, FileLock lock, Connections connections,
    const Clock& clock, Log& log)
    : clock_(clock), lock_(std::move(lock)), health_(std::move(options.on_fatal), log),
      tail_(std::max<std::size_t>(archive_segment, 1)),
      checkpointer_(std::move(connections.checkpointer), health_),
      writer_(std::move(connections.writer), tail_, options.queue, options.rest, health_, checkpointer_),
      readers_(std::move(connections.readers), tail_, options.queue, reads_at_once, options.rest, health_),
      backups_(std::move(connections.backups), tail_, backups_waiting, 1, options.rest, health_)
{}

Engine::~Engine()
{
    stop();
}

void Engine::stop()
{
    const std::lock_guard lock(stopping_);
    give_up_copying_ = true;
    writer_.stop(); // first: its jobs may wait for reads
    readers_.stop();
    backups_.stop();
    checkpointer_.stop();
    writer_.close();
    lock_.reset();
}

void Engine::copy_to(Connection& db, const std::string& path)
{
    const auto unfinished = path + ".new";
    std::remove(unfinished.c_str()); // left by an interrupted copy
    if (std::filesystem::exists(path) || !make_private_file(unfinished)) {
        db.fail(Failure::other, "the backup file " + path + " cannot be made or is there already");
        return;
    }
    db.execute("BEGIN");
    db.query("SELECT 1 FROM sqlite_schema").next(); // the first read fixes the snapshot
    {
        auto copy = Connection::open(unfinished, Connection::Access::read_write);
        if (!copy) {
            db.fail(Failure::other, "backup: " + copy.error());
        } else {
            copy->run_script("PRAGMA journal_mode = MEMORY; PRAGMA synchronous = OFF");
            const auto failure = db.copy_into(*copy, pages_per_copy_step, [this]() {
                std::this_thread::sleep_for(copy_pause);
                return !give_up_copying_;
            });
            if (failure != Failure::none) {
                db.fail(failure, "backup: the copy to " + unfinished + " was not finished");
            }
        }
    }
    db.roll_back();
    if (db.failure() == Failure::none) {
        if (auto published = publish_file(unfinished, path, false); !published) {
            db.fail(Failure::other, "backup: " + published.error());
        }
    }
    if (db.failure() != Failure::none) {
        std::remove(unfinished.c_str());
    }
}

StorageBackend::Load Engine::load() const
{
    StorageBackend::Load load;
    load.queued_writes = writer_.queued();
    load.queued_reads = readers_.queued();
    load.commits = writer_.commits();
    load.rows_written = writer_.rows_written();
    load.is_full = health_.is_full();
    return load;
}

} // namespace stonechat::sqlite
