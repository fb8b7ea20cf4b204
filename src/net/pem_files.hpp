// SPDX-License-Identifier: Apache-2.0
// Certificates and keys as the operator keeps them: PEM files. Every refusal names the file and what is wrong
// with it; a key that others can read is refused. Private to this folder; any thread.
#pragma once

#include "base/result.hpp"
#include "net/openssl.hpp"
#include "net/tls_contexts.hpp"

#include <string>
#include <vector>

namespace stonechat {

/// All certificates in the file, in its order: the leaf first. At least one.
Result<std::vector<openssl::Certificate>, TlsError> read_chain(const std::string& path);

/// The private key, which must have no passphrase and be readable by its owner only.
Result<openssl::Key, TlsError> read_key(const std::string& path);

} // namespace stonechat
