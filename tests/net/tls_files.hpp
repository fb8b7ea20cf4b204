// SPDX-License-Identifier: Apache-2.0
// Certificates in a temporary folder, and clients that check them, for the tests of this folder.
#pragma once

#include "net/self_signed.hpp"
#include "net/tls_engine.hpp"

#include <sys/stat.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <stdexcept>
#include <string>

namespace stonechat::test {

class TlsFiles {
public:
    TlsFiles()
    {
        std::string pattern = (std::filesystem::temp_directory_path() / "stonechat-tls-XXXXXX").string();
        if (::mkdtemp(pattern.data()) == nullptr) {
            throw std::runtime_error("no temporary folder");
        }
        folder_ = pattern;
    }
    TlsFiles(const TlsFiles&) = delete;
    TlsFiles& operator=(const TlsFiles&) = delete;
    ~TlsFiles() { std::filesystem::remove_all(folder_); }

    std::string path(const std::string& name) const { return (folder_ / name).string(); }

    void write(const std::string& name, const std::string& text, ::mode_t mode) const
    {
        std::ofstream(path(name)) << text;
        ::chmod(path(name).c_str(), mode);
    }

    /// Makes and writes a certificate for `host`; under other `names` if they are given.
    TlsIdentity identity(const std::string& host, std::vector<std::string> names = {}) const
    {
        const SelfSigned made = make_self_signed(names.empty() ? std::vector { host } : names);
        write(host + ".crt", made.certificate, 0644);
        write(host + ".key", made.key, 0600);
        return { host, path(host + ".crt"), path(host + ".key") };
    }

private:
    std::filesystem::path folder_;
};

/// A client that insists on a certificate for `name` whose issuer is in `ca_file`.
inline std::unique_ptr<TlsEngine> client_engine(const std::string& name, const std::string& ca_file,
    AlpnProtocols alpn = {})
{
    const auto context = TlsClientContext::load(ca_file);
    if (!context) {
        throw std::runtime_error(context.error().message);
    }
    return TlsEngine::client(**context, { name, std::move(alpn), TlsVerify::require });
}

} // namespace stonechat::test
