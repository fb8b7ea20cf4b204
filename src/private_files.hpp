// SPDX-License-Identifier: Apache-2.0
// Files that nobody but the server may read: keys, its secret, and what `init` writes. They appear
// whole or not at all. Errors are sentences.
#pragma once

#include "base/result.hpp"
#include "config/settings.hpp"

#include <string>
#include <string_view>
#include <vector>

namespace stonechat {

using FileOutcome = Result<Done, std::string>;

/// Makes `path`, mode 0600, and syncs it. Refuses to replace a file.
FileOutcome write_private_file(const std::string& path, std::string_view content);

/// Makes the folder and those above it, mode 0700, if they are not there.
FileOutcome make_private_folder(const std::string& path);

/// Who else may get at what the server keeps, in sentences with what to do.
struct Openness {
    std::vector<std::string> refusals; ///< the server must not run like this
    std::vector<std::string> warnings;
};
/// Looks at the data folder and the database: nobody else may write in the folder or read the database.
Openness openness_of(const Settings& settings);

/// The lasting secret in `path`, made when it is not there; refused if others can read it.
Result<std::string, std::string> lasting_secret(const std::string& path);

/// A self-signed certificate for `host` and its key.
FileOutcome make_certificate(const std::string& host, const std::string& certificate, const std::string& key);

} // namespace stonechat
