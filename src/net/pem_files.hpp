// SPDX-License-Identifier: Apache-2.0
// Reads certificates and keys from PEM files. Every error names the file and what is wrong with it. A key
// that others can read is refused. Private to this folder; any thread.
#pragma once

#include "base/result.hpp"
#include "net/openssl.hpp"
#include "net/tls_contexts.hpp"

#include <string>
#include <vector>

namespace stonechat {

/// Returns all certificates of the file in order, the leaf first; at least one.
Result<std::vector<openssl::Certificate>, TlsError> read_chain(const std::string& path);

/// Returns the private key. It must have no passphrase and be readable by its owner only.
Result<openssl::Key, TlsError> read_key(const std::string& path);

} // namespace stonechat
