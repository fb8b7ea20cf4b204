// SPDX-License-Identifier: Apache-2.0
// Files that only the server may read: keys, its secret, and the files that `init` writes. A file appears
// complete or not at all. Errors are sentences.
#pragma once

#include "base/result.hpp"
#include "config/settings.hpp"

#include <string>
#include <string_view>
#include <vector>

namespace stonechat {

using FileOutcome = Result<Done, std::string>;

/// Writes a new file `path`, mode 0600, and syncs it. Fails if the file exists.
FileOutcome write_private_file(const std::string& path, std::string_view content);

/// Makes the folder and its parents, mode 0700, if they do not exist.
FileOutcome make_private_folder(const std::string& path);

/// Permissions that let other users reach the server's data, as sentences with what to do.
struct Openness {
    std::vector<std::string> refusals; ///< these keep the server from starting
    std::vector<std::string> warnings;
};
/// Checks the data folder and the database: other users must not write in the folder or read the database.
Openness openness_of(const Settings& settings);

/// Returns the persistent secret in `path`, and makes it if the file does not exist; refused if others can
/// read it.
Result<std::string, std::string> lasting_secret(const std::string& path);

/// Writes a self-signed certificate for `host` and its key to new files.
FileOutcome make_certificate(const std::string& host, const std::string& certificate, const std::string& key);

} // namespace stonechat
