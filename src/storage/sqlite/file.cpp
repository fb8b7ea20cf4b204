// SPDX-License-Identifier: Apache-2.0
#include "storage/sqlite/file.hpp"

#include <fcntl.h>
#include <sys/file.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <filesystem>
#include <system_error>
#include <utility>

namespace stonechat::sqlite {

namespace {

std::string last_error()
{
    return std::generic_category().message(errno);
}

FileResult sync_path(const std::string& path, int flags)
{
    const int descriptor = ::open(path.c_str(), flags | O_CLOEXEC);
    if (descriptor < 0) {
        return last_error();
    }
    const bool synced = ::fsync(descriptor) == 0;
    auto problem = synced ? std::string() : last_error();
    ::close(descriptor);
    if (!synced) {
        return problem;
    }
    return Done();
}

std::string folder_of(const std::string& path)
{
    const auto folder = std::filesystem::path(path).parent_path().string();
    return folder.empty() ? "." : folder;
}

} // namespace

Result<FileLock, std::string> FileLock::take(const std::string& path)
{
    const int descriptor = ::open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0600);
    if (descriptor < 0) {
        return "cannot make the lock file " + path + ": " + last_error();
    }
    if (::flock(descriptor, LOCK_EX | LOCK_NB) != 0) {
        auto problem = errno == EWOULDBLOCK ? std::string("it is in use by another process") : last_error();
        ::close(descriptor);
        return problem;
    }
    return FileLock(descriptor);
}

FileLock::FileLock(FileLock&& other) noexcept : descriptor_(std::exchange(other.descriptor_, -1)) {}

FileLock::~FileLock()
{
    if (descriptor_ >= 0) {
        ::close(descriptor_);
    }
}

FileResult make_private_file(const std::string& path)
{
    const int descriptor = ::open(path.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
    if (descriptor < 0) {
        return last_error();
    }
    ::close(descriptor);
    return Done();
}

FileResult publish_file(const std::string& from, const std::string& to, bool replace)
{
    if (auto synced = sync_path(from, O_RDONLY); !synced) {
        return synced;
    }
    const unsigned flags = replace ? 0 : RENAME_NOREPLACE;
    if (::renameat2(AT_FDCWD, from.c_str(), AT_FDCWD, to.c_str(), flags) != 0) {
        return last_error();
    }
    return sync_path(folder_of(to), O_RDONLY | O_DIRECTORY);
}

} // namespace stonechat::sqlite
