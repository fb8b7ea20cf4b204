// SPDX-License-Identifier: Apache-2.0
#include "storage/sqlite/connection.hpp"

#include "xmpp/search_text.hpp"

#include <sqlite3.h>

#include <cerrno>
#include <exception>
#include <utility>

namespace stonechat::sqlite {

namespace {

bool is_out_of_space(int system_error)
{
    return system_error == ENOSPC || system_error == EDQUOT || system_error == EFBIG;
}

Failure classify_io(int extended, int system_error)
{
    // A failed fsync may have dropped pages, whatever its reason. Only a refused write is harmless.
    if (extended == SQLITE_IOERR_FSYNC || extended == SQLITE_IOERR_DIR_FSYNC) {
        return Failure::io;
    }
    if (extended == SQLITE_IOERR_SHMSIZE) {
        return Failure::full;
    }
    return is_out_of_space(system_error) ? Failure::full : Failure::io;
}

Failure classify(int extended, int system_error)
{
    switch (extended & 0xff) {
    case SQLITE_OK:
    case SQLITE_ROW:
    case SQLITE_DONE: return Failure::none;
    case SQLITE_FULL: return Failure::full;
    case SQLITE_IOERR: return classify_io(extended, system_error);
    case SQLITE_READONLY:
    case SQLITE_CANTOPEN: return Failure::io;
    case SQLITE_CORRUPT:
    case SQLITE_NOTADB: return Failure::damaged;
    case SQLITE_CONSTRAINT:
    case SQLITE_MISMATCH: return Failure::refused;
    default: // an int, not an enum: SQLite may add codes
        return Failure::other;
    }
}

int remember_frames(void* frames, sqlite3*, const char*, int count)
{
    *static_cast<int*>(frames) = count;
    return SQLITE_OK;
}

/// The tokenizer has no state, but FTS5 requires an object.
int create_tokenizer(void*, const char**, int, Fts5Tokenizer** made)
{
    static int nothing = 0;
    *made = reinterpret_cast<Fts5Tokenizer*>(&nothing);
    return SQLITE_OK;
}

void delete_tokenizer(Fts5Tokenizer*) {}

int tokenize(Fts5Tokenizer*, void* context, int flags, const char* text, int size,
    int (*give)(void*, int, const char*, int, int, int))
{
    try {
        const auto side = (flags & FTS5_TOKENIZE_QUERY) != 0 ? SearchSide::query : SearchSide::text;
        const std::string_view whole(text != nullptr ? text : "", static_cast<std::size_t>(size));
        for (const auto& token : search_tokens(whole, side)) {
            // Token positions in the text matter only for snippets, which are not used.
            const int code = give(context, 0, token.data(), static_cast<int>(token.size()), 0, size);
            if (code != SQLITE_OK) {
                return code;
            }
        }
        return SQLITE_OK;
    } catch (const std::exception&) { // no memory
        return SQLITE_NOMEM;
    }
}

fts5_api* find_fts5(sqlite3* handle)
{
    fts5_api* api = nullptr;
    sqlite3_stmt* statement = nullptr;
    if (sqlite3_prepare_v2(handle, "SELECT fts5(?1)", -1, &statement, nullptr) == SQLITE_OK) {
        sqlite3_bind_pointer(statement, 1, static_cast<void*>(&api), "fts5_api_ptr", nullptr);
        sqlite3_step(statement);
    }
    sqlite3_finalize(statement);
    return api;
}

/// Registers the tokenizer of the full-text index: `search_tokens` under the name `stonechat`. If that fails,
/// for example because the file is no database, statements that need the tokenizer fail.
void register_tokenizer(sqlite3* handle)
{
    fts5_api* api = find_fts5(handle);
    if (api == nullptr) {
        return;
    }
    fts5_tokenizer functions { create_tokenizer, delete_tokenizer, tokenize };
    api->xCreateTokenizer(api, "stonechat", nullptr, &functions, nullptr);
}

} // namespace

Rows::~Rows()
{
    if (statement_ != nullptr) {
        sqlite3_reset(statement_);
    }
}

bool Rows::next()
{
    if (statement_ == nullptr || connection_.failure() != Failure::none) {
        return false;
    }
    const int code = sqlite3_step(statement_);
    connection_.note(code);
    return code == SQLITE_ROW;
}

bool Rows::is_null(int column) const
{
    return sqlite3_column_type(statement_, column) == SQLITE_NULL;
}

std::int64_t Rows::integer(int column) const
{
    return sqlite3_column_int64(statement_, column);
}

std::string_view Rows::view(int column) const
{
    const auto* bytes = static_cast<const char*>(sqlite3_column_blob(statement_, column));
    const auto size = static_cast<std::size_t>(sqlite3_column_bytes(statement_, column));
    return bytes == nullptr ? std::string_view() : std::string_view(bytes, size);
}

Connection::Connection(sqlite3* handle) : handle_(handle), wal_frames_(std::make_unique<int>(0)) {}

Connection::Connection(Connection&& other) noexcept
    : handle_(std::exchange(other.handle_, nullptr)), statements_(std::move(other.statements_)),
      wal_frames_(std::move(other.wal_frames_)), failure_(other.failure_), problem_(std::move(other.problem_))
{}

Connection::~Connection()
{
    for (const auto& [sql, statement] : statements_) {
        sqlite3_finalize(statement);
    }
    sqlite3_close_v2(handle_);
}

namespace {

/// Returns the path as an SQLite URI.
std::string uri_of(const std::string& path)
{
    std::string uri = "file:";
    for (const char c : path) {
        switch (c) {
        case '%': uri += "%25"; break;
        case '?': uri += "%3f"; break;
        case '#': uri += "%23"; break;
        default: uri += c;
        }
    }
    return uri;
}

} // namespace

Result<Connection, std::string> Connection::open(const std::string& path, Access access)
{
    const bool is_unchanging = access == Access::unchanging;
    const int flags = SQLITE_OPEN_NOMUTEX | SQLITE_OPEN_EXRESCODE
        | (access == Access::read_write ? SQLITE_OPEN_READWRITE : SQLITE_OPEN_READONLY)
        | (is_unchanging ? SQLITE_OPEN_URI : 0);
    const std::string name = is_unchanging ? uri_of(path) + "?immutable=1" : path;
    sqlite3* handle = nullptr;
    const int code = sqlite3_open_v2(name.c_str(), &handle, flags, nullptr);
    if (code != SQLITE_OK) {
        std::string problem = handle != nullptr ? sqlite3_errmsg(handle) : sqlite3_errstr(code);
        sqlite3_close_v2(handle);
        return problem;
    }
    sqlite3_db_config(handle, SQLITE_DBCONFIG_DEFENSIVE, 1, nullptr);
    sqlite3_db_config(handle, SQLITE_DBCONFIG_TRUSTED_SCHEMA, 0, nullptr);
    sqlite3_db_config(handle, SQLITE_DBCONFIG_DQS_DML, 0, nullptr);
    register_tokenizer(handle);
    return Connection(handle);
}

void Connection::note(int code)
{
    if (code == SQLITE_OK || code == SQLITE_ROW || code == SQLITE_DONE) {
        return;
    }
    const auto failure = classify(sqlite3_extended_errcode(handle_), sqlite3_system_errno(handle_));
    fail(failure == Failure::none ? Failure::other : failure, sqlite3_errmsg(handle_));
}

void Connection::fail(Failure failure, std::string problem)
{
    if (failure_ == Failure::none) {
        failure_ = failure;
        problem_ = std::move(problem);
    }
}

Failure Connection::take_failure()
{
    return std::exchange(failure_, Failure::none);
}

void Connection::release_cache()
{
    sqlite3_db_release_memory(handle_);
}

sqlite3_stmt* Connection::prepared(const char* sql)
{
    if (failure_ != Failure::none) {
        return nullptr;
    }
    auto& statement = statements_[sql];
    if (statement == nullptr) {
        note(sqlite3_prepare_v3(handle_, sql, -1, SQLITE_PREPARE_PERSISTENT, &statement, nullptr));
    }
    return statement;
}

void Connection::bind(sqlite3_stmt* statement, int at, std::int64_t value)
{
    note(sqlite3_bind_int64(statement, at, value));
}

void Connection::bind(sqlite3_stmt* statement, int at, std::string_view value)
{
    const char* text = value.data() == nullptr ? "" : value.data();
    note(sqlite3_bind_text64(statement, at, text, value.size(), SQLITE_STATIC, SQLITE_UTF8));
}

void Connection::bind(sqlite3_stmt* statement, int at, const Blob& value)
{
    const char* bytes = value.bytes.data() == nullptr ? "" : value.bytes.data();
    note(sqlite3_bind_blob64(statement, at, bytes, value.bytes.size(), SQLITE_STATIC));
}

void Connection::bind(sqlite3_stmt* statement, int at, std::nullopt_t)
{
    note(sqlite3_bind_null(statement, at));
}

void Connection::bind(sqlite3_stmt* statement, int at, const std::optional<std::string>& value)
{
    if (value) {
        bind(statement, at, std::string_view(*value));
    } else {
        bind(statement, at, std::nullopt);
    }
}

void Connection::bind(sqlite3_stmt* statement, int at, const std::optional<Blob>& value)
{
    if (value) {
        bind(statement, at, *value);
    } else {
        bind(statement, at, std::nullopt);
    }
}

void Connection::bind(sqlite3_stmt* statement, int at, const std::optional<std::int64_t>& value)
{
    if (value) {
        bind(statement, at, *value);
    } else {
        bind(statement, at, std::nullopt);
    }
}

std::int64_t Connection::finish(sqlite3_stmt* statement)
{
    Rows rows(*this, statement);
    while (rows.next()) {}
    return failure_ == Failure::none ? sqlite3_changes64(handle_) : 0;
}

void Connection::run_script(const std::string& sql)
{
    if (failure_ == Failure::none) {
        note(sqlite3_exec(handle_, sql.c_str(), nullptr, nullptr, nullptr));
    }
}

std::optional<std::int64_t> Connection::number(const std::string& sql)
{
    sqlite3_stmt* statement = nullptr;
    note(sqlite3_prepare_v2(handle_, sql.c_str(), -1, &statement, nullptr));
    std::optional<std::int64_t> value;
    {
        Rows rows(*this, statement);
        if (rows.next()) {
            value = rows.integer(0);
        }
    }
    sqlite3_finalize(statement);
    return value;
}

bool Connection::in_transaction() const
{
    return sqlite3_get_autocommit(handle_) == 0;
}

void Connection::roll_back()
{
    if (in_transaction()) {
        sqlite3_exec(handle_, "ROLLBACK", nullptr, nullptr, nullptr);
    }
}

std::int64_t Connection::last_row_id() const
{
    return sqlite3_last_insert_rowid(handle_);
}

std::int64_t Connection::total_changes() const
{
    return sqlite3_total_changes64(handle_);
}

void Connection::watch_wal()
{
    sqlite3_wal_hook(handle_, remember_frames, wal_frames_.get());
}

Connection::Checkpoint Connection::checkpoint()
{
    const int code = sqlite3_wal_checkpoint_v2(handle_, nullptr, SQLITE_CHECKPOINT_PASSIVE, nullptr, nullptr);
    Checkpoint result;
    if (code == SQLITE_OK || (code & 0xff) == SQLITE_BUSY) {
        return result;
    }
    result.failure = classify(code, sqlite3_system_errno(handle_));
    result.problem = sqlite3_errmsg(handle_);
    return result;
}

Connection::Checkpoint Connection::sync_database()
{
    Checkpoint result;
    sqlite3_file* file = nullptr;
    sqlite3_file_control(handle_, "main", SQLITE_FCNTL_FILE_POINTER, &file);
    if (file == nullptr || file->pMethods == nullptr) {
        return result;
    }
    if (const int code = file->pMethods->xSync(file, SQLITE_SYNC_NORMAL); code != SQLITE_OK) {
        result.failure = Failure::io;
        result.problem = sqlite3_errstr(code);
    }
    return result;
}

void Connection::leave_files_alone()
{
    sqlite3_db_config(handle_, SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, 1, nullptr);
}

Connection::Copying::Copying(Connection& source, Connection& target)
    : target_(target), backup_(sqlite3_backup_init(target.handle_, "main", source.handle_, "main"))
{
    if (backup_ == nullptr) {
        code_ = sqlite3_extended_errcode(target.handle_);
    }
}

Connection::Copying::~Copying()
{
    sqlite3_backup_finish(static_cast<sqlite3_backup*>(backup_));
}

bool Connection::Copying::step(int pages)
{
    if (backup_ == nullptr) {
        return false;
    }
    code_ = sqlite3_backup_step(static_cast<sqlite3_backup*>(backup_), pages);
    return code_ == SQLITE_OK;
}

Failure Connection::Copying::end()
{
    const auto failure = classify(code_, sqlite3_system_errno(target_.handle_));
    return failure == Failure::none && code_ != SQLITE_DONE ? Failure::other : failure;
}

} // namespace stonechat::sqlite
