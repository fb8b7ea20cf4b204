// SPDX-License-Identifier: Apache-2.0
// Connection: one SQLite connection with its prepared statements, the only file pair that sees
// sqlite3.h. Belongs to one thread at a time. Values are always bound, never written into SQL.
//
// The first failure sticks: after it every query gives no rows and changes nothing, until
// `take_failure`. So a job runs straight through and whoever runs it asks once, at its end.
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
    io,      ///< a write, fsync or the like failed: what is on the disk is unknown
    damaged, ///< not a database, a broken page, or a row that makes no sense
    refused, ///< a constraint
    other,   ///< out of memory, locked by someone else, interrupted
};

/// Bytes, as opposed to text.
struct Blob {
    std::string_view bytes;
};

class Connection;

/// The rows of one query. Frees the statement for its next use when it goes.
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
    /// Text or blob, until the next call of `next`.
    std::string_view view(int column) const;
    std::string text(int column) const { return std::string(view(column)); }

private:
    Connection& connection_;
    sqlite3_stmt* statement_;
};

class Connection {
public:
    /// `unchanging`: nobody writes to it meanwhile, and nothing is written beside it.
    enum class Access { read_write, read_only, unchanging };

    /// Opens an existing file; the reason why not otherwise.
    static Result<Connection, std::string> open(const std::string& path, Access access);

    Connection(Connection&& other) noexcept;
    Connection& operator=(Connection&& other) noexcept = delete;
    ~Connection();

    /// Starts a query. `sql` is a literal (its address finds the prepared statement again); the
    /// arguments must live as long as the Rows do.
    template <class... Args> Rows query(const char* sql, const Args&... args)
    {
        return Rows(*this, ready(sql, args...));
    }

    /// Runs a statement to its end; the number of rows that it changed.
    template <class... Args> std::int64_t execute(const char* sql, const Args&... args)
    {
        return finish(ready(sql, args...));
    }

    /// Runs SQL of several statements that is used once: pragmas and the schema.
    void run_script(const std::string& sql);
    /// The single number that `sql`, used once, gives; nothing if it fails or gives none.
    std::optional<std::int64_t> number(const std::string& sql);

    Failure failure() const { return failure_; }
    /// The failure, which is forgotten here.
    Failure take_failure();
    /// What SQLite said about the last failure.
    const std::string& problem() const { return problem_; }
    /// Marks what is being done as failed.
    void fail(Failure failure, std::string problem);

    bool in_transaction() const;
    /// Rolls back if a transaction is open. Works, and forgets nothing, after a failure.
    void roll_back();

    std::int64_t last_row_id() const;
    std::int64_t total_changes() const;

    /// Gives back the pages that are only kept for the next query.
    void release_cache();

    /// Leaves checkpoints to the caller; from now on `wal_frames` is the length of the
    /// write-ahead log after the last commit made here.
    void watch_wal();
    int wal_frames() const { return *wal_frames_; }

    struct Checkpoint {
        Failure failure = Failure::none;
        std::string problem;
    };
    /// Copies what can be copied from the log into the database without waiting for anyone.
    Checkpoint checkpoint();
    /// Syncs the database file. A checkpoint does so itself only if it reached the end of the log.
    Checkpoint sync_database();
    /// Closing will not touch the files: after a failed fsync nobody knows what they hold.
    void leave_files_alone();

    /// Copies all of this connection's snapshot into `target`, some pages at a time; `pause` runs in
    /// between and stops the copying by returning false. The failure of either side, if any.
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
