// SPDX-License-Identifier: Apache-2.0
// Connection: one SQLite connection with its prepared statements. Only this file pair includes sqlite3.h.
// Belongs to one thread at a time. Values are always bound, never written into SQL.
//
// The first failure sticks: after it every query returns no rows and changes nothing, until `take_failure`.
// So a job runs without checks in between, and its caller checks once at the end.
#pragma once

#include "base/result.hpp"

#include <boost/unordered/unordered_flat_map.hpp>

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

struct sqlite3;
struct sqlite3_stmt;

namespace stonechat::sqlite {

enum class Failure {
    none,
    full,    ///< no space on the disk, or the database may not grow further
    io,      ///< a write or fsync failed: the content of the disk is unknown
    damaged, ///< not a database, a broken page, or a row that makes no sense
    refused, ///< a constraint
    other,   ///< locked by another process
};

/// Marks a value as a blob, not text.
struct Blob {
    std::string_view bytes;
};

class Connection;

/// The rows of one query. The destructor resets the statement for its next use.
class Rows {
public:
    Rows(Connection& connection, sqlite3_stmt* statement) : connection_(connection), statement_(statement) {}
    Rows(const Rows&) = delete;
    Rows& operator=(const Rows&) = delete;
    ~Rows();

    /// Moves to the next row; false at the end and after a failure.
    bool next();
    bool is_null(int column) const;
    std::int64_t integer(int column) const;
    /// Returns a text or blob, valid until the next call of `next`.
    std::string_view view(int column) const;
    std::string text(int column) const { return std::string(view(column)); }

private:
    Connection& connection_;
    sqlite3_stmt* statement_;
};

class Connection {
public:
    /// `unchanging`: no process writes to the file meanwhile; SQLite creates no files beside it.
    enum class Access { read_write, read_only, unchanging };

    /// Opens an existing file. The error says why it cannot be opened.
    static Result<Connection, std::string> open(const std::string& path, Access access);

    Connection(Connection&& other) noexcept;
    Connection& operator=(Connection&& other) noexcept = delete;
    ~Connection();

    /// Starts a query. `sql` must be a literal: its address is the key of the prepared statement. The
    /// arguments must outlive the Rows.
    template <class... Args> Rows query(const char* sql, const Args&... args)
    {
        return Rows(*this, ready(sql, args...));
    }

    /// Runs a statement to its end. Returns the number of changed rows.
    template <class... Args> std::int64_t execute(const char* sql, const Args&... args)
    {
        return finish(ready(sql, args...));
    }

    /// Runs SQL of several statements that is used once, such as pragmas and the schema.
    void run_script(const std::string& sql);
    /// Runs `sql`, which is used once, and returns its single number; nothing if it fails or has no result.
    std::optional<std::int64_t> number(const std::string& sql);

    Failure failure() const { return failure_; }
    /// Returns the failure and clears it.
    Failure take_failure();
    /// Returns SQLite's message for the last failure.
    const std::string& problem() const { return problem_; }
    /// Records a failure that the caller has found.
    void fail(Failure failure, std::string problem);

    bool in_transaction() const;
    /// Rolls back if a transaction is open. Works after a failure, and does not clear the failure.
    void roll_back();

    std::int64_t last_row_id() const;
    std::int64_t total_changes() const;

    /// Frees pages that are cached for later queries.
    void release_cache();

    /// Turns automatic checkpoints off. From now on `wal_frames` is the length of the write-ahead log after
    /// the last commit on this connection.
    void watch_wal();
    int wal_frames() const { return *wal_frames_; }

    struct Checkpoint {
        Failure failure = Failure::none;
        std::string problem;
    };
    /// Copies as much of the log as possible into the database file, without waiting for other connections.
    Checkpoint checkpoint();
    /// Syncs the database file. A checkpoint syncs it only if it reached the end of the log.
    Checkpoint sync_database();
    /// Makes closing leave the files unchanged: after a failed fsync their content is unknown.
    void leave_files_alone();

    /// Copies this connection's snapshot into `target`, `pages` at a time. `pause` runs between the parts; if
    /// it returns false, the copying stops. Returns the failure of either side, if any.
    template <class Pause> Failure copy_into(Connection& target, int pages, Pause pause)
    {
        Copying copying(*this, target);
        while (copying.step(pages)) {
            if (!pause()) {
                return Failure::other;
            }
        }
        return copying.end();
    }

private:
    class Copying {
    public:
        Copying(Connection& source, Connection& target);
        Copying(const Copying&) = delete;
        Copying& operator=(const Copying&) = delete;
        ~Copying();
        bool step(int pages);
        Failure end();

    private:
        Connection& target_;
        void* backup_;
        int code_ = 0;
    };
    friend class Rows;

    explicit Connection(sqlite3* handle);
    void note(int code);
    sqlite3_stmt* prepared(const char* sql);
    void bind(sqlite3_stmt* statement, int at, std::int64_t value);
    void bind(sqlite3_stmt* statement, int at, std::string_view value);
    void bind(sqlite3_stmt* statement, int at, const Blob& value);
    void bind(sqlite3_stmt* statement, int at, std::nullopt_t);
    void bind(sqlite3_stmt* statement, int at, const std::optional<std::string>& value);
    void bind(sqlite3_stmt* statement, int at, const std::optional<Blob>& value);
    void bind(sqlite3_stmt* statement, int at, const std::optional<std::int64_t>& value);
    void bind(sqlite3_stmt* statement, int at, const std::string& value)
    {
        bind(statement, at, std::string_view(value));
    }
    std::int64_t finish(sqlite3_stmt* statement);

    template <class... Args> sqlite3_stmt* ready(const char* sql, const Args&... args)
    {
        auto* statement = prepared(sql);
        if (statement != nullptr) {
            [[maybe_unused]] int at = 0;
            (bind(statement, ++at, args), ...);
        }
        return statement;
    }

    sqlite3* handle_;
    boost::unordered_flat_map<const char*, sqlite3_stmt*> statements_;
    std::unique_ptr<int> wal_frames_;
    Failure failure_ = Failure::none;
    std::string problem_;
};

} // namespace stonechat::sqlite
