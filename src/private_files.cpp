// SPDX-License-Identifier: Apache-2.0
#include "private_files.hpp"

#include "base/base64.hpp"
#include "base/random.hpp"
#include "net/self_signed.hpp"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstdio>
#include <cstring>
#include <filesystem>
#include <fstream>

namespace stonechat {
namespace {

namespace fs = std::filesystem;

std::string failed(std::string_view what, const std::string& path)
{
    return std::string(what) + " " + path + ": " + std::strerror(errno);
}

bool write_all(int descriptor, std::string_view content)
{
    while (!content.empty()) {
        const ssize_t count = ::write(descriptor, content.data(), content.size());
        if (count < 0 && errno == EINTR) {
            continue;
        }
        if (count <= 0) {
            return false;
        }
        content.remove_prefix(static_cast<std::size_t>(count));
    }
    return ::fsync(descriptor) == 0;
}

constexpr std::size_t secret_bytes = 32;

/// Returns the permissions of `path`; 0 if it does not exist.
unsigned mode_of(const std::string& path)
{
    struct stat facts {};
    return ::stat(path.c_str(), &facts) == 0 ? facts.st_mode & 07777 : 0;
}

std::string in_octal(unsigned mode)
{
    std::array<char, 8> digits {};
    std::snprintf(digits.data(), digits.size(), "%04o", mode);
    return digits.data();
}

} // namespace

FileOutcome write_private_file(const std::string& path, std::string_view content)
{
    const std::string unfinished = path + ".new";
    ::unlink(unfinished.c_str()); // left by an interrupted start
    const int descriptor = ::open(unfinished.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
    if (descriptor < 0) {
        return failed("cannot write", path);
    }
    const bool written = write_all(descriptor, content);
    ::close(descriptor);
    // link() instead of rename(): it fails if the file exists.
    const bool published = written && ::link(unfinished.c_str(), path.c_str()) == 0;
    const int error = errno;
    ::unlink(unfinished.c_str());
    errno = error;
    if (!published) {
        return failed("cannot write", path);
    }
    return Done();
}

FileOutcome make_private_folder(const std::string& path)
{
    std::error_code error;
    fs::create_directories(path, error); // umask 077 makes it 0700
    if (error) {
        return "cannot make the folder " + path + ": " + error.message();
    }
    return Done();
}

Openness openness_of(const Settings& settings)
{
    constexpr unsigned write_by_others = 022;
    constexpr unsigned any_by_others = 077;
    Openness found;
    const std::string& folder = settings.section("server").text("data_dir");
    const unsigned folder_mode = mode_of(folder);
    if ((folder_mode & write_by_others) != 0) {
        found.refusals.push_back("others may write to the folder " + folder + " (mode "
            + in_octal(folder_mode) + ") and so replace what the server keeps; `chmod 700 " + folder
            + "` closes it");
    } else if ((folder_mode & any_by_others) != 0) {
        found.warnings.push_back("others may look into the folder " + folder + " (mode "
            + in_octal(folder_mode) + "); `chmod 700 " + folder + "` closes it");
    }
    for (const char* suffix : { "", "-wal", "-shm" }) {
        const std::string file = settings.section("storage").text("file") + suffix;
        const unsigned mode = mode_of(file);
        if ((mode & any_by_others) != 0) {
            found.refusals.push_back(file + " can be read by others (mode " + in_octal(mode)
                + "), with all messages in it; `chmod 600 " + file + "` closes it");
        }
    }
    return found;
}

Result<std::string, std::string> lasting_secret(const std::string& path)
{
    using Secret = Result<std::string, std::string>;
    const auto refused = [](std::string why) {
        return Secret(boost::system::in_place_error, std::move(why));
    };
    struct stat facts {};
    if (::stat(path.c_str(), &facts) != 0) {
        const auto written = write_private_file(path, base64_encode(random_bytes(secret_bytes)) + "\n");
        if (!written) {
            return refused(written.error());
        }
    } else if ((facts.st_mode & 077) != 0) {
        return refused(path + " can be read by others; make it chmod 600");
    }
    std::ifstream in(path);
    std::string line;
    std::getline(in, line);
    const auto secret = base64_decode(line);
    if (!secret || secret->size() < secret_bytes) {
        return refused(path + " is damaged: it must hold " + std::to_string(secret_bytes)
            + " bytes in base64; delete it, and a new one is made");
    }
    return Secret(boost::system::in_place_value, *secret);
}

FileOutcome make_certificate(const std::string& host, const std::string& certificate, const std::string& key)
{
    const SelfSigned made = make_self_signed({ host });
    const auto key_written = write_private_file(key, made.key);
    return key_written ? write_private_file(certificate, made.certificate) : key_written;
}

} // namespace stonechat
