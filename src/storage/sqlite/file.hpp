// SPDX-License-Identifier: Apache-2.0
// Files around the database: the lock that keeps a second process out, and making and renaming
// files so that they are there whole or not at all, and readable for their owner only.
#pragma once

#include "base/result.hpp"

#include <string>

namespace stonechat::sqlite {

/// The reason why not, as a part of a sentence.
using FileResult = Result<Done, std::string>;

/// Held as long as this lives, by one process and there only once; the kernel frees it when the
/// process dies. On a file of its own, because closing a database file drops SQLite's locks.
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

/// Makes an empty file, mode 0600, where none is.
FileResult make_private_file(const std::string& path);

/// Syncs `from`, gives it the name `to` and syncs the folder. With `replace` an older `to` goes.
FileResult publish_file(const std::string& from, const std::string& to, bool replace);

} // namespace stonechat::sqlite
