// SPDX-License-Identifier: Apache-2.0
#include "net/pem_files.hpp"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <cstring>

namespace stonechat {
namespace {

struct PemFile {
    std::string text;
    unsigned mode = 0;
};

Result<PemFile, TlsError> read_file(const std::string& path)
{
    const int fd = ::open(path.c_str(), O_RDONLY | O_CLOEXEC);
    struct stat status {};
    if (fd < 0 || ::fstat(fd, &status) != 0) {
        const std::string reason = std::strerror(errno);
        if (fd >= 0) {
            ::close(fd);
        }
        return TlsError { path + ": " + reason };
    }
    PemFile file;
    file.mode = status.st_mode & 07777;
    char block[4096];
    ssize_t count = 0;
    constexpr std::size_t longest = 1024 * 1024;
    while ((count = ::read(fd, block, sizeof(block))) > 0 && file.text.size() < longest) {
        file.text.append(block, static_cast<std::size_t>(count));
    }
    OPENSSL_cleanse(block, sizeof(block));
    ::close(fd);
    if (count != 0) {
        return TlsError { path + ": cannot be read, or is no PEM file" };
    }
    return file;
}

openssl::Bio open_text(const std::string& text)
{
    return openssl::Bio(BIO_new_mem_buf(text.data(), static_cast<int>(text.size())));
}

/// Refuses a passphrase: keys with one are not supported, and OpenSSL would otherwise ask on the terminal.
int no_passphrase(char*, int, int, void*)
{
    return 0;
}

} // namespace

Result<std::vector<openssl::Certificate>, TlsError> read_chain(const std::string& path)
{
    const auto file = read_file(path);
    if (!file) {
        return file.error();
    }
    const openssl::Bio bio = open_text(file->text);
    std::vector<openssl::Certificate> chain;
    while (X509* const certificate = PEM_read_bio_X509(bio.get(), nullptr, no_passphrase, nullptr)) {
        chain.emplace_back(certificate);
    }
    ERR_clear_error();
    if (chain.empty()) {
        return TlsError { path + ": contains no certificate" };
    }
    return chain;
}

Result<openssl::Key, TlsError> read_key(const std::string& path)
{
    auto file = read_file(path);
    if (!file) {
        return file.error();
    }
    if ((file->mode & 077) != 0) {
        char mode[16];
        std::snprintf(mode, sizeof(mode), "%04o", file->mode);
        return TlsError { path + ": the private key can be read by others (mode " + mode
            + "); give it to the server's user and make it chmod 600" };
    }
    const openssl::Bio bio = open_text(file->text);
    openssl::Key key(PEM_read_bio_PrivateKey(bio.get(), nullptr, no_passphrase, nullptr));
    OPENSSL_cleanse(file->text.data(), file->text.size());
    if (!key) {
        return TlsError { path + ": contains no usable private key (" + openssl::reason() + ")" };
    }
    return key;
}

} // namespace stonechat
