// SPDX-License-Identifier: Apache-2.0
// ScramVerifier: what the server stores instead of a password (RFC 5802 section 3). With it the server can
// check a client's proof and prove itself, but nobody can log in. One per hash function. A value; pure.
#pragma once

#include <cstdint>
#include <string>

namespace stonechat {

enum class ScramHash : std::uint8_t { sha1, sha256 };

struct ScramVerifier {
    ScramHash hash = ScramHash::sha256;
    std::string salt;
    std::uint32_t iterations = 0;
    std::string stored_key; ///< H(ClientKey)
    std::string server_key;
};

} // namespace stonechat
