// SPDX-License-Identifier: Apache-2.0
// File operations for the database: the lock that excludes a second process, and creating and renaming files
// so that they appear complete or not at all, and are readable by their owner only.
#pragma once

#include "base/result.hpp"

#include <string>

namespace stonechat::sqlite {

/// The error is part of a sentence: the reason.
using FileResult = Result<Done, std::string>;

/// A lock on a file, held while this object lives. Only one process can hold it, and only once. The kernel
/// frees it when the process dies. The lock is on a separate file, because closing a database file drops
/// SQLite's locks.
class FileLock {
public:
    static Result<FileLock, std::string> take(const std::string& path);

    FileLock(FileLock&& other) noexcept;
    FileLock& operator=(FileLock&& other) noexcept = delete;
    ~FileLock();

private:
    explicit FileLock(int descriptor) : descriptor_(descriptor) {}
    int descriptor_;
};

/// Creates an empty file with mode 0600. Fails if the file exists.
FileResult make_private_file(const std::string& path);

/// Syncs `from`, renames it to `to` and syncs the folder. With `replace` an existing `to` is replaced.
FileResult publish_file(const std::string& from, const std::string& to, bool replace);

} // namespace stonechat::sqlite
